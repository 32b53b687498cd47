"""The frame of a draft: days, phases with their ways in and out, the end of the offer (R40, R42, R47)."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import time
from typing import Any

import pytest
from django.test import Client

from sop.errors import FrameChanged, FrameInvalid, UndoTooLate, VersionFrozen
from sop.forms.frame import PARTS
from sop.models import Step, Version
from sop.selectors.differences import difference_shown
from sop.selectors.findings import version_findings
from sop.services.drafts import draft_undo, steps_place
from sop.services.frames import FrameWish, PhaseWish, version_set_frame
from sop.services.templates import (
    step_remove,
    template_clone,
    template_create,
    version_draft,
    version_publish,
)
from tenants.audit import SYSTEM
from tenants.models import AuditEntry, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def frame_of(version: Version) -> FrameWish:
    """The frame as it stands, as a wish."""
    inside = [one for one in version.phases if one["first"] <= version.days]
    return FrameWish(
        days=version.days, after_days=version.after_days, offer_day=version.offer_day, offer_at=version.offer_at,
        phases=[
            PhaseWish(**{name: one.get(name, "") for name in ("key", *PARTS)})
            for one in inside
        ],
    )  # fmt: skip


@pytest.fixture
def draft(scoped: Tenant) -> Version:
    return template_clone(tenant=scoped, code="bootcamp5", language="zh", actor=SYSTEM)


def test_a_frame_put_back_as_it_stands_changes_nothing(draft: Version) -> None:
    saved = version_set_frame(tenant=draft.tenant, version_id=draft.pk, wish=frame_of(draft), actor=SYSTEM)
    assert (saved.phases, saved.revision) == (draft.phases, draft.revision)
    assert not AuditEntry.objects.filter(verb="sop.version.frame_set").exists()


def test_a_longer_camp_keeps_the_days_of_its_steps_and_finds_their_phases(draft: Version) -> None:
    was = frame_of(draft)
    phases = [
        *was.phases[:-1],
        replace(was.phases[-1], last=8),
        PhaseWish(key="", name="返场", last=10, exit="答完"),
    ]
    wish = replace(was, days=10, after_days=2, offer_day=9, offer_at=time(21), phases=phases)
    days = dict(Step.objects.values_list("key", "day"))
    saved = version_set_frame(tenant=draft.tenant, version_id=draft.pk, wish=wish, actor=SYSTEM)
    assert [(one["name"], one["first"], one["last"]) for one in saved.phases[-3:]] == [
        ("逼单促转", 7, 8), ("返场", 9, 10), ("营后", 11, 12),
    ]  # fmt: skip
    assert saved.phases[0]["entry"] == draft.phases[0]["entry"]
    assert dict(Step.objects.values_list("key", "day")) == days
    assert Step.objects.get(key="d9_referral").phase == saved.phases[-2]["key"]
    assert Step.objects.get(key="d7_3h").phase == saved.phases[-2]["key"]
    assert saved.revision == draft.revision + 1


def test_steps_after_the_last_day_keep_a_shorter_draft_from_being_published(draft: Version) -> None:
    was = frame_of(draft)
    wish = replace(was, days=7, after_days=0, phases=[*was.phases[:-1], replace(was.phases[-1], last=7)])
    saved = version_set_frame(tenant=draft.tenant, version_id=draft.pk, wish=wish, actor=SYSTEM)
    stopped = {
        key for one in version_findings(saved) if one.code == "DAY-01" and one.stops for key in one.keys
    }
    assert stopped == {"d8_report", "d8_closing", "d9_referral"}


def test_a_blank_template_gets_an_offer_and_its_countdown_may_be_published(scoped: Tenant) -> None:
    version = template_create(tenant=scoped, name="自建营", days=4, actor=SYSTEM)
    Step.objects.create(
        tenant=scoped, version=version, key="c60", title="倒计时", anchor="offer_end", offset_minutes=-60,
        channel="private_mass", audience="undecided", content_type="marketing", is_marketing=True, text="还有 1 小时",
    )  # fmt: skip
    assert "OFFER-01" in {one.code for one in version_findings(version)}
    wish = replace(frame_of(version), offer_day=3, offer_at=time(20))
    saved = version_set_frame(tenant=scoped, version_id=version.pk, wish=wish, actor=SYSTEM)
    assert "OFFER-01" not in {one.code for one in version_findings(saved)}


@pytest.mark.parametrize(
    "fault",
    [
        {"days": 9}, {"phases": []}, {"offer_day": None}, {"offer_day": 12},
        {"phases": [PhaseWish(key="", name="甲", last=8), PhaseWish(key="", name="乙", last=8)]},
    ],
)  # fmt: skip
def test_days_that_do_not_fit_are_refused(draft: Version, fault: dict[str, Any]) -> None:
    wish = replace(frame_of(draft), **fault)
    with pytest.raises(FrameInvalid):
        version_set_frame(tenant=draft.tenant, version_id=draft.pk, wish=wish, actor=SYSTEM)


def test_of_two_tabs_the_later_is_told_and_a_published_version_stays(draft: Version) -> None:
    common = {"tenant": draft.tenant, "version_id": draft.pk, "actor": SYSTEM}
    was = frame_of(draft)
    version_set_frame(**common, wish=replace(was, offer_at=time(21)), seen=draft.revision)
    with pytest.raises(FrameChanged):
        version_set_frame(**common, wish=replace(was, offer_at=time(19)), seen=draft.revision)
    version_publish(tenant=draft.tenant, version_id=draft.pk, actor=SYSTEM)
    with pytest.raises(VersionFrozen):
        version_set_frame(**common, wish=was)
    following = version_draft(tenant=draft.tenant, version_id=draft.pk, reason="早一小时", actor=SYSTEM)
    wish = replace(frame_of(following), offer_at=time(20))
    saved = version_set_frame(tenant=draft.tenant, version_id=following.pk, wish=wish, actor=SYSTEM)
    shown = difference_shown(before=Version.objects.get(pk=draft.pk), after=saved)
    assert [(before, after) for _name, before, after in shown.frame] == [("21:00", "20:00")]


def undo(version: Version, number: int) -> None:
    draft_undo(tenant=version.tenant, version_id=version.pk, number=number, actor=SYSTEM)
    version.refresh_from_db()


def test_an_edit_of_the_frame_is_taken_back_and_forth(draft: Version) -> None:
    common = {"tenant": draft.tenant, "version_id": draft.pk, "actor": SYSTEM}
    steps_place(draft)
    was, places = frame_of(draft), dict(Step.objects.values_list("key", "phase"))
    phases = [replace(was.phases[0], last=2), replace(was.phases[1], last=3), *was.phases[2:]]
    wish = replace(was, offer_at=time(21), phases=phases)
    changed = version_set_frame(**common, wish=wish)
    moved = dict(Step.objects.values_list("key", "phase"))
    assert moved != places
    undo(draft, changed.revision)
    assert frame_of(draft) == was
    assert dict(Step.objects.values_list("key", "phase")) == places
    undo(draft, draft.revision)
    assert frame_of(draft) == wish
    assert dict(Step.objects.values_list("key", "phase")) == moved
    with pytest.raises(UndoTooLate):
        undo(draft, changed.revision + 1)  # the edit in between has been taken back already


def test_a_step_that_comes_back_stands_in_the_phase_of_its_day_now(draft: Version) -> None:
    common = {"tenant": draft.tenant, "version_id": draft.pk, "actor": SYSTEM}
    step = Step.objects.get(key="d8_closing")
    step_remove(tenant=draft.tenant, version_id=draft.pk, step_id=step.pk, actor=SYSTEM)
    draft.refresh_from_db()
    removed, was = draft.revision, frame_of(draft)
    phases = [*was.phases[:-1], replace(was.phases[-1], last=7), PhaseWish(key="", name="收尾", last=8)]
    saved = version_set_frame(**common, wish=replace(was, phases=phases))
    undo(draft, removed)
    assert Step.objects.get(key="d8_closing").phase == saved.phases[-2]["key"]
    undo(draft, draft.revision)
    assert not Step.objects.filter(key="d8_closing").exists()


@pytest.fixture
def ask(client: Client, tenant: Tenant, frozen: MovableClock) -> Callable[..., Any]:
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))

    def send(version: Version, post: dict[str, Any] | None = None) -> Any:
        url, headers = f"/t/{tenant.slug}/sop/versions/{version.pk}/frame/", {"HX-Request": "true"}
        return client.get(url, headers=headers) if post is None else client.post(url, post, headers=headers)

    return send


def typed(answer: Any) -> dict[str, Any]:
    """What the form holds, as a browser would send it."""
    return {one.html_name: one.value() for one in answer.context["form"] if one.value() not in (None, False)}


def test_the_drawer_shows_the_frame_and_says_what_is_wrong_with_it(
    tenant: Tenant, ask: Callable[..., Any]
) -> None:
    with tenant_scope(tenant):
        draft = template_clone(tenant=tenant, code="bootcamp5", language="en", actor=SYSTEM)
    sent = typed(ask(draft))
    assert (sent["days"], sent["p0_name"], sent["p0_exit"]) == (
        8,
        "Pre-camp",
        "Answered once and is on record",
    )
    wrong = ask(draft, {**sent, "p1_last": "1", "offer_day": "30"})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "It has to end on a day from 2 to 8." in page
    assert "The last day is 9." in page
    sent |= {"days": "10", "p1_metric": "Shares", "p2_drop": "on", "p5_name": "Encore", "p4_last": "9"}
    assert ask(draft, sent).status_code in (204, 302)
    with tenant_scope(tenant):
        saved = Version.objects.get(pk=draft.pk)
    assert [(one["name"], one["first"], one["last"]) for one in saved.phases] == [
        ("Pre-camp", 1, 1), ("Activation", 2, 2), ("Conversion", 3, 6), ("Close", 7, 9), ("Encore", 10, 10),
        ("After", 11, 11),
    ]  # fmt: skip
    assert saved.phases[1]["metric"] == "Shares"


def test_the_toast_after_saving_takes_the_frame_back(
    tenant: Tenant, ask: Callable[..., Any], client: Client
) -> None:
    with tenant_scope(tenant):
        draft = template_clone(tenant=tenant, code="bootcamp5", language="en", actor=SYSTEM)
    sent = typed(ask(draft))
    assert "/undo/" not in client.get(ask(draft, sent).headers["HX-Redirect"]).content.decode()
    page = client.get(ask(draft, {**sent, "offer_at": "21:30"}).headers["HX-Redirect"]).content.decode()
    undo = re.search(r"/t/[^\"']+/undo/\d+/", page)
    assert undo is not None
    client.post(undo.group())
    with tenant_scope(tenant):
        assert Version.objects.get(pk=draft.pk).offer_at == draft.offer_at
