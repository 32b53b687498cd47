"""The editor of a draft: moves, two tabs, undo, what is said while one types, whom a step would reach."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from groups.models import Group
from sop.errors import PlaceUnknown, StepChanged, UndoTooLate
from sop.models import DraftEdit, Step, Version
from sop.services.drafts import draft_undo, step_copy, step_move
from sop.services.estimates import groups_for, step_estimate
from sop.services.templates import step_remove, template_clone, version_publish
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
TYPED = {
    "title": "欢迎", "anchor": "run_start", "day": "1", "at": "10:00", "offset_minutes": "0", "window_minutes": "60",
    "catch_up": "skip", "channel": "group_mass", "audience": "members", "content_type": "norms", "role": "owner",
    "evidence": "note", "on_block": "drop", "cost_minutes": "5",
}  # fmt: skip


@pytest.fixture
def draft(tenant: Tenant, frozen: MovableClock) -> Version:
    with tenant_scope(tenant):
        return template_clone(tenant=tenant, code="bootcamp5", language="zh", actor=SYSTEM)


@pytest.fixture
def ask(client: Client, tenant: Tenant, draft: Version) -> Callable[..., Any]:
    """ask("judge/", {...}): posts below the draft's address as the owner, through htmx."""
    client.force_login(User.objects.get(email="lin@example.com"))

    def post(path: str, data: dict[str, Any]) -> Any:
        return client.post(
            f"/t/{tenant.slug}/sop/versions/{draft.pk}/{path}", data, headers={"HX-Request": "true"}
        )

    return post


@pytest.fixture
def crowd(tenant: Tenant) -> list[Any]:
    """Seven people in one live group of the template's type, five in another; one sits in both."""
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        staff = make_staff(tenant=tenant, app=app, userid="linxiao", name="林晓")
        people = make_customers(tenant=tenant, count=11, app=app)
        for number, some in enumerate((people[:7], people[6:])):
            group = make_group(
                tenant=tenant, app=app, owner=staff, state="active", kind="new_user", name=f"启蒙{number}群"
            )
            fill_group(group=group, customers=some, staff=[staff])
    return people


def intro(tenant: Tenant) -> Step:
    with tenant_scope(tenant):
        return Step.objects.get(key="d1_intro")


def test_a_move_keeps_the_time_within_its_part_of_the_day_and_finds_its_phase(
    tenant: Tenant, draft: Version
) -> None:
    step = intro(tenant)
    with tenant_scope(tenant):
        step_move(tenant=tenant, version_id=draft.pk, step_id=step.pk, day=4, slot=0, actor=SYSTEM)
        same = intro(tenant)
        step_move(tenant=tenant, version_id=draft.pk, step_id=step.pk, day=6, slot=2, actor=SYSTEM)
    assert (same.day, same.at, same.phase) == (4, step.at, "nurture")
    later = intro(tenant)
    assert (later.day, f"{later.at:%H:%M}", later.phase) == (6, "20:00", "conversion")
    last = draft.days + draft.after_days
    for day in (0, last + 1):
        with tenant_scope(tenant), pytest.raises(PlaceUnknown):
            step_move(tenant=tenant, version_id=draft.pk, step_id=step.pk, day=day, slot=0, actor=SYSTEM)
    with tenant_scope(tenant):
        step_move(tenant=tenant, version_id=draft.pk, step_id=step.pk, day=last, slot=0, actor=SYSTEM)
    assert intro(tenant).day == last


def test_the_later_of_two_tabs_is_refused_for_the_same_step_and_not_for_another(
    tenant: Tenant, draft: Version
) -> None:
    step = intro(tenant)
    with tenant_scope(tenant):
        other = Step.objects.exclude(pk=step.pk).filter(anchor="run_start").order_by("pk").first()
        assert other is not None
        step_move(tenant=tenant, version_id=draft.pk, step_id=step.pk, day=2, slot=0, actor=SYSTEM, seen=0)
        step_move(tenant=tenant, version_id=draft.pk, step_id=other.pk, day=3, slot=0, actor=SYSTEM, seen=0)
        with pytest.raises(StepChanged):
            step_move(
                tenant=tenant, version_id=draft.pk, step_id=step.pk, day=5, slot=0, actor=SYSTEM, seen=0
            )
    assert intro(tenant).day == 2


def test_every_edit_is_taken_back_unless_its_step_was_changed_since(tenant: Tenant, draft: Version) -> None:
    before = intro(tenant)
    with tenant_scope(tenant):
        step_remove(tenant=tenant, version_id=draft.pk, step_id=before.pk, actor=SYSTEM)
        draft_undo(tenant=tenant, version_id=draft.pk, number=1, actor=SYSTEM)
        back = intro(tenant)
        assert (back.title, back.day, back.at, back.text) == (
            before.title,
            before.day,
            before.at,
            before.text,
        )
        copied = step_copy(tenant=tenant, version_id=draft.pk, step_id=back.pk, actor=SYSTEM)
        step_move(tenant=tenant, version_id=draft.pk, step_id=copied.pk, day=5, slot=1, actor=SYSTEM)
        with pytest.raises(UndoTooLate):
            draft_undo(tenant=tenant, version_id=draft.pk, number=3, actor=SYSTEM)
        draft_undo(tenant=tenant, version_id=draft.pk, number=4, actor=SYSTEM)
        draft_undo(tenant=tenant, version_id=draft.pk, number=3, actor=SYSTEM)
        assert not Step.objects.filter(key=copied.key).exists()


def test_a_published_version_has_nothing_to_take_back(tenant: Tenant, draft: Version) -> None:
    step = intro(tenant)
    with tenant_scope(tenant):
        step_move(tenant=tenant, version_id=draft.pk, step_id=step.pk, day=1, slot=1, actor=SYSTEM)
        version_publish(tenant=tenant, version_id=draft.pk, actor=SYSTEM)
        assert not DraftEdit.objects.exists()


def test_what_is_typed_is_judged_and_shown_and_nothing_is_saved(
    ask: Callable[..., Any], tenant: Tenant, crowd: list[Any]
) -> None:
    step = intro(tenant)
    said = ask(
        "judge/", {**TYPED, "step": step.pk, "text": "{群名}的{班主任}，{客户称呼}好"}
    ).content.decode()
    assert "VAR-01" in said
    assert "VAR-02" in said
    assert "<mark>启蒙0群</mark>" in said
    assert '<mark class="is-missing">{班主任}</mark>' in said
    assert intro(tenant).text == step.text


def test_the_promise_of_a_group_is_offered_and_shown_in_its_place(
    ask: Callable[..., Any], tenant: Tenant, draft: Version, client: Client, crowd: list[Any]
) -> None:
    with tenant_scope(tenant):
        Group.objects.update(value_proposition="30 天养成听读习惯")
    step = intro(tenant)
    drawer = client.get(f"/t/{tenant.slug}/sop/versions/{draft.pk}/steps/{step.pk}/").content.decode()
    assert 'data-insert="{一句话承诺}"' in drawer
    said = ask("judge/", {**TYPED, "step": step.pk, "text": "记得：{一句话承诺}"}).content.decode()
    assert "<mark>30 天养成听读习惯</mark>" in said
    assert "VAR-0" not in said


def test_a_text_too_long_for_wecom_names_its_bytes(ask: Callable[..., Any], tenant: Tenant) -> None:
    step = intro(tenant)
    long = {**TYPED, "text": "长" * 1400}
    assert "LEN-01" in ask("judge/", {**long, "step": step.pk}).content.decode()
    refused = ask(f"steps/{step.pk}/", long)
    assert refused.status_code == 422
    assert "4200" in refused.content.decode()


def test_a_file_becomes_a_line_of_the_step_and_is_saved_with_it(
    ask: Callable[..., Any], tenant: Tenant
) -> None:
    step = intro(tenant)
    added = ask("attachment/?kind=image", {"part-file": SimpleUploadedFile("cover.png", PNG)})
    assert "cover.png" in added.content.decode()
    wrong = ask(
        "attachment/?kind=image", {"part-file": SimpleUploadedFile("cover.gif", b"GIF89a" + b"0" * 20)}
    )
    assert wrong.status_code != 200
    kept = {"kind": "link", "title": "大纲", "url": "https://example.com/a"}
    assert (
        ask(f"steps/{step.pk}/", {**TYPED, "text": "看", "attachments": [json.dumps(kept)]}).status_code
        == 200
    )
    assert [one["title"] for one in intro(tenant).attachments] == ["大纲"]
    strange = json.dumps({"kind": "link", "title": "大纲", "url": "javascript:alert(1)"})
    assert ask(f"steps/{step.pk}/", {**TYPED, "text": "看", "attachments": [strange]}).status_code == 422


def test_the_estimate_counts_persons_once_and_names_the_rule_that_holds_back(
    tenant: Tenant, draft: Version, crowd: list[Any]
) -> None:
    step = intro(tenant)
    with tenant_scope(tenant):
        groups = groups_for(tenant=tenant, version=draft)
        open_to_all = step_estimate(tenant=tenant, version=draft, step=step, groups=groups)
        step.channel = "private_mass"
        private = step_estimate(tenant=tenant, version=draft, step=step, groups=groups)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            step_estimate(tenant=tenant, version=draft, step=step, groups=groups)
    assert (open_to_all.groups, open_to_all.people, open_to_all.reached) == (2, 11, 11)
    assert (private.people, private.reached) == (11, 0)
    assert [(one.code, one.people) for one in private.held] == [("SOP-14", 11)]
    assert len(asked) <= 20


def test_steps_as_the_page_shows_them_cost_few_queries(
    client: Client, tenant: Tenant, draft: Version, crowd: list[Any]
) -> None:
    client.force_login(User.objects.get(email="lin@example.com"))
    step = intro(tenant)
    for path in ("", f"steps/{step.pk}/"):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/t/{tenant.slug}/sop/versions/{draft.pk}/{path}").status_code == 200
        assert len(asked) <= 40, path
