"""The SOP editor in a real browser: dragging, keys, two tabs on one draft, the drawer on a phone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from sop.models import Step, Version
from sop.services.templates import template_clone, version_publish
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.factories.wecom import make_app

pytestmark = pytest.mark.django_db(transaction=True)
MakePage = Callable[..., Page]
MORNING, EVENING = "0", "2"


@pytest.fixture
def draft(transactional_db: None, tenant: Tenant) -> Version:
    """A bootcamp's draft, and a live group of its type with 12 people."""
    with tenant_scope(tenant):
        app = make_app(tenant=tenant)
        lin = make_staff(tenant=tenant, app=app, userid="linxiao", name="林晓")
        group = make_group(
            tenant=tenant, app=app, owner=lin, state="active", kind="new_user", name="启蒙01群"
        )
        fill_group(group=group, customers=make_customers(tenant=tenant, count=12, app=app), staff=[lin])
        return template_clone(tenant=tenant, code="bootcamp5", language="zh", actor=SYSTEM)


@pytest.fixture
def editor(draft: Version, tenant: Tenant, make_page: MakePage) -> Callable[..., Page]:
    """editor(width=): the draft's page, signed in."""

    def make(**options: str) -> Page:
        page = make_page(User.objects.get(email="lin@example.com"), **options)
        page.goto(f"/t/{tenant.slug}/sop/versions/{draft.pk}/")
        return page

    return make


def step_of(tenant: Tenant, key: str) -> Step:
    with tenant_scope(tenant):
        return Step.objects.get(key=key)


def box(page: Page, step: Step) -> str:
    return f".q-stepbox[data-step='{step.pk}']"


def cell(day: int, slot: str) -> str:
    return f".q-cell[data-day='{day}'][data-slot='{slot}']"


def drag(page: Page, step: Step, day: int, slot: str, lands: bool = True) -> None:
    """By the mouse, in small steps, as a hand does; let go when the step is seen where it should be."""
    page.locator(cell(day, slot)).scroll_into_view_if_needed()
    page.locator(box(page, step)).scroll_into_view_if_needed()
    source, target = (
        page.locator(box(page, step)).bounding_box(),
        page.locator(cell(day, slot)).bounding_box(),
    )
    assert source
    assert target
    page.mouse.move(source["x"] + 30, source["y"] + 10)
    page.mouse.down()
    page.mouse.move(source["x"] + 40, source["y"] + 18, steps=4)
    page.mouse.move(target["x"] + 40, target["y"] + 12, steps=12)
    seen = f"{cell(day, slot)} {box(page, step)}" if lands else "#sop-frozen"
    expect(page.locator(seen)).to_be_visible()
    page.mouse.up()


def test_a_step_is_dragged_to_another_day_saved_by_one_request_and_taken_back(
    editor: Callable[..., Page], tenant: Tenant
) -> None:
    page, step = editor(), step_of(tenant, "d1_intro")
    assert step.day is not None
    sent: list[str] = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "POST" else None)
    drag(page, step, step.day + 1, EVENING)
    expect(page.locator(".q-toast")).to_contain_text(step.title)
    moved = step_of(tenant, "d1_intro")
    assert (moved.day, f"{moved.at:%H:%M}", len(sent)) == (step.day + 1, "20:00", 1)
    with page.expect_navigation():
        page.locator(".q-toast button").click()
    expect(page.locator(f"{cell(step.day, MORNING)} {box(page, step)}")).to_be_visible()
    back = step_of(tenant, "d1_intro")
    assert (back.day, back.at) == (step.day, step.at)


def test_keys_move_a_step_and_keep_the_focus_on_it(editor: Callable[..., Page], tenant: Tenant) -> None:
    page, step = editor(), step_of(tenant, "d1_intro")
    assert step.day is not None
    page.locator(f"#n{step.pk}").focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(f".q-cell[data-day='{step.day + 1}'] {box(page, step)}")).to_be_visible()
    expect(page.locator(f"#n{step.pk}")).to_be_focused()
    assert step_of(tenant, "d1_intro").at == step.at


def test_a_published_version_refuses_and_offers_the_next_draft(
    editor: Callable[..., Page], tenant: Tenant, draft: Version
) -> None:
    with tenant_scope(tenant):
        version_publish(tenant=tenant, version_id=draft.pk, actor=SYSTEM)
    page, step = editor(), step_of(tenant, "d1_intro")
    assert step.day is not None
    drag(page, step, step.day + 1, EVENING, lands=False)
    note = page.locator("#sop-frozen")
    expect(note).to_be_visible()
    assert step_of(tenant, "d1_intro").day == step.day
    note.get_by_role("button").click()
    expect(page.locator("#q-drawer textarea")).to_be_visible()


def test_of_two_tabs_the_later_is_told_and_loses_nothing(editor: Callable[..., Page], tenant: Tenant) -> None:
    step = step_of(tenant, "d1_intro")
    first, second = editor(), editor()
    for page in (first, second):
        page.locator(f"#n{step.pk}").click()
        expect(page.locator("#step-form")).to_be_visible()
    first.fill("#step-form textarea[name=text]", "第一个窗口写的")
    first.locator("#step-save").click()
    expect(first.locator(".q-toast")).to_be_visible()
    second.watch.expect(422)  # type: ignore[attr-defined]
    second.fill("#step-form textarea[name=text]", "第二个窗口写的")
    second.locator("#step-save").click()
    expect(second.locator("#step-clash")).to_contain_text("第一个窗口写的")
    expect(second.locator("#step-form textarea[name=text]")).to_have_value("第二个窗口写的")
    assert step_of(tenant, "d1_intro").text == "第一个窗口写的"
    look(second, "sop-clash")
    second.locator("#step-save").click()
    expect(second.locator("#step-clash")).to_have_count(0)
    assert step_of(tenant, "d1_intro").text == "第二个窗口写的"


def test_words_are_judged_while_they_are_typed(editor: Callable[..., Page], tenant: Tenant) -> None:
    page, step = editor(), step_of(tenant, "d1_intro")
    page.locator(f"#n{step.pk}").click()
    expect(page.locator("#step-estimate")).to_contain_text("12")
    look(page, "sop-editor")
    page.fill("#step-form textarea[name=text]", "你好 {班主任}，" + "长" * 1400)
    expect(page.locator("#step-live")).to_contain_text("班主任")
    expect(page.locator("#sop-checks")).to_contain_text("VAR-01")
    expect(page.locator(".q-count-bytes")).to_have_class("q-count-bytes q-bad")
    page.fill("#step-form textarea[name=text]", "你好，")
    page.locator("#step-form [data-insert='{群名}']").click()
    expect(page.locator("#step-live mark")).to_have_text("启蒙01群")
    expect(page.locator("#sop-checks")).not_to_contain_text("VAR-01")
    page.locator("[data-dock-close]").click()  # what was typed is saved, and the drawer goes
    expect(page.locator("#step-form")).to_have_count(0)
    assert step_of(tenant, "d1_intro").text == "你好，{群名}"


def test_on_a_phone_a_step_is_opened_given_a_link_and_moved(
    editor: Callable[..., Page], tenant: Tenant
) -> None:
    page, step = editor(width="phone"), step_of(tenant, "d1_intro")
    page.locator(f"#n{step.pk}").click()
    expect(page.locator("#step-form h2")).to_have_text(step.title)
    page.locator("[data-part-kind='link']").click()
    page.fill("[name=part-title]", "课程大纲")
    page.fill("[name=part-url]", "https://example.com/outline")
    page.locator("#step-part-add").click()
    expect(page.locator("#step-parts")).to_contain_text("课程大纲")
    expect(page.locator("#step-live .is-card")).to_contain_text("课程大纲")
    look(page, "sop-drawer-phone")
    page.locator("#step-save").click()
    expect(page.locator(".q-toast")).to_be_visible()
    page.locator("[data-dock-close]").click()
    assert [one["url"] for one in step_of(tenant, "d1_intro").attachments] == ["https://example.com/outline"]
    page.locator(f"{box(page, step)} .q-move").click()
    page.fill("#q-drawer [name=day]", "3")
    look(page, "sop-move-phone")
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator(f".q-cell[data-day='3'] {box(page, step)}")).to_be_visible()
    assert step_of(tenant, "d1_intro").day == 3


def test_a_verdict_that_comes_after_the_save_does_not_call_it_unsaved(
    editor: Callable[..., Page], tenant: Tenant
) -> None:
    page, step = editor(), step_of(tenant, "d1_intro")
    page.locator(f"#n{step.pk}").click()
    late: list[tuple[Route, APIResponse]] = []
    page.route("**/judge/", lambda route: late.append((route, route.fetch())))
    with page.expect_request("**/judge/"):
        page.fill("#step-form textarea[name=text]", "你好，")
    page.locator("#step-save").click()
    expect(page.locator(".q-toast")).to_be_visible()
    for route, answer in late:
        route.fulfill(response=answer)
    page.evaluate("() => fetch('/healthz').then(answer => answer.text())")  # whatever was on its way has come
    expect(page.locator("#sop-checks")).to_be_visible()
    assert page.locator("#sop-checks .q-tag.is-on").count() == 0
