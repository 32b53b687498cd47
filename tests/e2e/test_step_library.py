"""Picking from the library in a real browser: list, pick, take back, save; the tracked link beside it."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from content.services.library import About, Said, material_ask, material_decide, material_save
from sop.models import Step, Version
from sop.services.templates import template_clone
from tenants.audit import SYSTEM, Actor
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look

pytestmark = pytest.mark.django_db(transaction=True)
OWNER = Actor(kind="user", id=7, name="林晓", permissions=PERMISSIONS[Role.OWNER])
LINK = {"key": "大纲", "title": "大纲", "kind": "link", "url": "https://example.com/a"}


@pytest.fixture
def draft(transactional_db: None, tenant: Tenant) -> Version:
    with tenant_scope(tenant):
        for number, title in enumerate(("跟读打卡怎么开始", "家长怎么陪读", "还没写完的")):
            said = Said(
                kind="value", title=title, text=f"A 版：{title}，看 {{链接:大纲}}", links=[LINK],
                variants=[{"key": "b", "name": "B", "text": f"B 版：{title}"}],
            )  # fmt: skip
            row = material_save(tenant=tenant, said=said, about=About(), actor=OWNER)
            if number < 2:
                material_ask(tenant=tenant, material_id=row.pk, actor=OWNER)
                material_decide(tenant=tenant, material_id=row.pk, revision=1, is_approved=True, actor=OWNER)
        return template_clone(tenant=tenant, code="bootcamp5", language="zh", actor=SYSTEM)


def test_a_wording_is_picked_taken_back_and_saved_with_the_step(
    draft: Version, tenant: Tenant, make_page: Callable[..., Page]
) -> None:
    with tenant_scope(tenant):
        step = Step.objects.get(key="d1_intro")
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{tenant.slug}/sop/versions/{draft.pk}/")
    page.click(f"#n{step.pk}")
    text = page.locator("#step-words textarea")
    before = text.input_value()
    page.click("#step-material button")
    # A hand is slower than a script: the search listens a moment after its field stands there.
    expect(page.locator("#step-material .htmx-settling, .htmx-request")).to_have_count(0)
    page.locator("#pick-words").press_sequentially("陪读", delay=200)
    expect(page.locator(".q-picks-list > li")).to_have_count(1)
    page.fill("#pick-words", "")
    expect(page.locator(".q-picks-list > li")).to_have_count(3)
    page.locator("#step-pick").scroll_into_view_if_needed()
    look(page, "step-pick")
    page.click(".q-picks-list > li:has-text('跟读打卡') .q-pickone:nth-of-type(2) button")
    expect(text).to_have_value("B 版：跟读打卡怎么开始")
    expect(page.locator("#step-links > li")).to_have_count(1)
    expect(page.locator("#step-live")).to_contain_text("B 版：跟读打卡怎么开始")
    page.locator("#step-material").scroll_into_view_if_needed()
    look(page, "step-picked")
    page.locator("#step-material button").last.click()
    expect(text).to_have_value(before)
    page.click("#step-material button")
    page.click(".q-picks-list > li:has-text('家长') .q-pickone >> nth=0 >> button")
    expect(text).to_have_value("A 版：家长怎么陪读，看 {链接:大纲}")
    page.click("#step-save")
    expect(page.locator(".q-toast")).to_be_visible()
    expect(page.locator("#step-material")).to_contain_text("家长怎么陪读")
    page.locator("#step-past").scroll_into_view_if_needed()
    look(page, "step-saved")
    with tenant_scope(tenant):
        saved = Step.objects.get(key="d1_intro")
    assert (saved.text, saved.links) == ("A 版：家长怎么陪读，看 {链接:大纲}", [LINK])
    assert saved.material_id is not None
    assert json.dumps(saved.links)
