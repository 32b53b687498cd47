"""Picking from the library in the drawer of a step, and its tracked links."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from content.services.library import About, Said, material_ask, material_decide, material_save
from sop.errors import MaterialShut
from sop.models import Step, Version
from sop.services.drafts import draft_undo, step_copy
from sop.services.templates import StepData, step_save, template_clone, version_draft
from tenants import clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
OWNER = Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[Role.OWNER])
LINK = {"key": "大纲", "title": "大纲", "kind": "link", "url": "https://example.com/a"}
CARD = {"kind": "link", "title": "课程卡片", "url": "https://example.com/card"}
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
def page(client: Client, tenant: Tenant, draft: Version) -> Callable[..., Any]:
    """page("library/", {...}) posts, page("library/") gets, below the draft's address, through htmx."""
    client.force_login(User.objects.get(email="lin@example.com"))
    User.objects.update(language="en")

    def ask(path: str, data: dict[str, Any] | None = None) -> Any:
        url = f"/t/{tenant.slug}/sop/versions/{draft.pk}/{path}"
        headers = {"HX-Request": "true"}
        return client.get(url, headers=headers) if data is None else client.post(url, data, headers=headers)

    return ask


def material(tenant: Tenant, *, title: str = "打卡", approved: bool = True, **about: Any) -> int:
    said = Said(
        kind="value", title=title, text="A 版 {链接:大纲}", attachments=[CARD], links=[LINK],
        variants=[{"key": "b", "name": "B", "text": "B 版打卡"}],
    )  # fmt: skip
    with tenant_scope(tenant):
        row = material_save(tenant=tenant, said=said, about=About(**about), actor=OWNER)
        if approved:
            material_ask(tenant=tenant, material_id=row.pk, actor=OWNER)
            material_decide(tenant=tenant, material_id=row.pk, revision=1, is_approved=True, actor=OWNER)
    return row.pk


def intro(tenant: Tenant) -> Step:
    with tenant_scope(tenant):
        return Step.objects.get(key="d1_intro", version__number=1)


def hidden(html: str, name: str) -> list[str]:
    return [unescape(one) for one in re.findall(rf'name="{name}" value="([^"]*)"', html)]


def test_the_list_offers_what_may_be_taken_and_says_why_not_the_rest(
    page: Callable[..., Any], tenant: Tenant
) -> None:
    today = clock.local_date(clock.now(), tenant.timezone)
    mine = material(tenant)
    material(tenant, title="草稿", approved=False)
    material(tenant, title="过期的", valid_until=today - timedelta(days=1))
    said = page("library/").content.decode()
    assert re.findall(r'"material": "(\d+)", "wording": "(\w+)"', said) == [
        (str(mine), "main"),
        (str(mine), "b"),
    ]
    assert "A draft: nobody has asked for its approval yet." in said
    assert "Its days ended on" in said
    found = page("library/?pick_words=草稿").content.decode()
    assert "草稿" in found
    assert "过期的" not in found
    assert "Nothing in the library says that." in page("library/?pick_kind=norms").content.decode()


def test_a_pick_puts_its_wording_and_what_goes_along_into_the_drawer_and_can_be_taken_back(
    page: Callable[..., Any], tenant: Tenant
) -> None:
    step, mine = intro(tenant), material(tenant)
    now = {**TYPED, "step": step.pk, "text": "自己写的"}
    taken = page("library/take/", {**now, "material": mine, "wording": "b"})
    html = taken.content.decode()
    assert "B 版打卡" in html
    assert hidden(html, "material_id") == [str(mine)]
    assert [json.loads(one)["title"] for one in hidden(html, "attachments")] == ["课程卡片"]
    assert [json.loads(one)["key"] for one in hidden(html, "links")] == ["大纲"]
    assert '<option value="value" selected>' in html
    assert "q:step-changed" in taken.headers["HX-Trigger-After-Settle"]
    back = page("library/back/", {**now, "text": "B 版打卡", "was": hidden(html, "was")[0]}).content.decode()
    assert "自己写的" in back
    assert hidden(back, "material_id") == [""]
    assert hidden(back, "attachments") == []
    assert intro(tenant).text == step.text


def test_what_may_not_be_taken_is_refused_also_past_the_list(
    page: Callable[..., Any], tenant: Tenant
) -> None:
    step, draft_only = intro(tenant), material(tenant, approved=False)
    now = {**TYPED, "step": step.pk, "text": "自己写的"}
    assert page("library/take/", {**now, "material": draft_only}).status_code == 404
    refused = page(f"steps/{step.pk}/", {**now, "material_id": draft_only})
    assert refused.status_code == 409
    assert "SOP-70" in refused.content.decode()
    assert intro(tenant).material_id is None


def test_a_saved_pick_stays_through_versions_and_an_undo_takes_it_off(
    page: Callable[..., Any], tenant: Tenant, draft: Version
) -> None:
    step, mine = intro(tenant), material(tenant)
    typed = {**TYPED, "text": "B 版打卡", "material_id": mine, "links": [json.dumps(LINK)]}
    saved = page(f"steps/{step.pk}/", typed)
    assert saved.status_code == 200
    assert saved.content.decode().count('class="is-link"') == 5  # the five links of the bootcamp stay drawn
    shown = page(f"steps/{step.pk}/").content.decode()
    assert "wording B" in shown
    assert (intro(tenant).material_id, intro(tenant).links) == (mine, [LINK])
    with tenant_scope(tenant):
        draft_undo(tenant=tenant, version_id=draft.pk, number=1, actor=SYSTEM)
        assert intro(tenant).material_id is None
        draft_undo(tenant=tenant, version_id=draft.pk, number=2, actor=SYSTEM)
        assert (
            step_copy(tenant=tenant, version_id=draft.pk, step_id=step.pk, actor=SYSTEM).material_id == mine
        )
        Version.objects.filter(pk=draft.pk).update(state="published", published_at=clock.now())
        following = version_draft(tenant=tenant, version_id=draft.pk, reason="改", actor=SYSTEM)
        assert following.steps.get(key="d1_intro").material_id == mine


def test_a_step_keeps_a_material_whose_days_are_over_and_nobody_takes_it_anew(
    tenant: Tenant, draft: Version, frozen: MovableClock
) -> None:
    step = intro(tenant)
    mine = material(tenant, valid_until=clock.local_date(clock.now(), tenant.timezone))
    data: dict[str, Any] = {
        "title": "欢迎",
        "channel": "group_mass",
        "content_type": "norms",
        "text": "B 版打卡",
        "day": 1,
        "at": step.at,
    }
    with tenant_scope(tenant):
        common = {"tenant": tenant, "version_id": draft.pk, "actor": SYSTEM}
        step_save(**common, step_id=step.pk, data=StepData(**data, material_id=mine))
        frozen.set(clock.now() + timedelta(days=3))
        kept = step_save(
            **common, step_id=step.pk, data=StepData(**{**data, "title": "好"}, material_id=mine)
        )
        with pytest.raises(MaterialShut):
            step_save(**common, step_id=None, data=StepData(**data, material_id=mine))
    assert kept.material_id == mine


def test_a_tracked_link_becomes_a_line_and_a_wrong_one_says_why(
    page: Callable[..., Any], tenant: Tenant
) -> None:
    step = intro(tenant)
    given = {"tracked-key": "报名", "tracked-kind": "purchase", "tracked-url": ""}
    added = page("link/", given).content.decode()
    row = json.loads(hidden(added, "links")[0])
    assert (row["key"], row["kind"], row["url"]) == ("报名", "purchase", "")
    assert 'data-insert="{link:报名}"' in added
    twice = page("link/", {**given, "links": [json.dumps(row)]})
    assert (twice.status_code, "of this name already" in twice.content.decode()) == (422, True)
    wrong = page("link/", {**given, "tracked-url": "javascript:alert(1)"})
    assert (wrong.status_code, "begins with https" in wrong.content.decode()) == (422, True)
    assert page(f"steps/{step.pk}/", {**TYPED, "text": "看", "links": [json.dumps(row)]}).status_code == 200
    assert intro(tenant).links == [row]
    unsaid = page(
        f"steps/{step.pk}/", {**TYPED, "text": "看", "links": [json.dumps({**row, "url": "ftp://a"})]}
    )
    assert unsaid.status_code == 422
