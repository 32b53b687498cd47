"""The calendar of all groups in a browser: a message is dragged to another day, taken back, moved by keys (R50)."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from groups.models import Group
from sop.enums import TouchState
from sop.models import EventGroup, Run, Touch, ValueEvent
from sop.services.planning import plan_apply
from tenants import clock
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.e2e.conftest import look
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.sop import make_run, make_version
from tests.factories.team import make_staff
from tests.factories.wecom import make_app
from wecom.models import QuotaEntry

pytestmark = pytest.mark.django_db(transaction=True)
MakePage = Callable[..., Page]
ZONE = ZoneInfo("Asia/Shanghai")
THURSDAY = datetime(2025, 11, 20, 10, 24, tzinfo=ZONE)
MONDAY = date(2025, 11, 17)
DAILY = [
    (time(8), "晨间问候", "group_forward"),
    (time(9), "倒计时海报", "moments"),
    (time(10), "分享班会预告", "group_forward"),
]


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """The product's clock stands at a moment."""
    monkeypatch.setattr(clock, "now", lambda: moment.astimezone(ZoneInfo("UTC")))


def steps() -> list[dict[str, Any]]:
    found = []
    for day in range(1, 8):
        for at, title, channel in DAILY:
            found.append({"day": day, "at": at, "title": title, "channel": channel, "window_minutes": 90})
    return [
        *found,
        {"day": 4, "at": time(18, 30), "title": "限时优惠预告", "channel": "group_mass", "is_marketing": True,
         "text": "优惠到{优惠截止}为止"},
        {"day": 4, "at": time(20), "title": "分享班会", "mark": "peak"},
        {"day": 4, "at": time(22, 30), "title": "加播提醒", "channel": "private_mass"},
        {"day": 6, "at": time(17), "title": "优惠最后一天", "is_marketing": True},
    ]  # fmt: skip


@pytest.fixture
def camp(transactional_db: None, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Five groups in one camp, one in another; what is past is confirmed but for some; an event on Saturday."""
    at(monkeypatch, datetime(2025, 11, 17, 6, tzinfo=ZONE))
    with tenant_scope(tenant), transaction.atomic():
        app = make_app(tenant=tenant)
        lin = make_staff(tenant=tenant, app=app, userid="linxiao", name="林晓")
        zhou = make_staff(tenant=tenant, app=app, userid="zhoulan", name="周岚")
        groups = []
        for number in range(1, 7):
            name = f"启蒙{number:02d}群" if number < 6 else "自然拼读02群"
            one = make_group(
                tenant=tenant,
                app=app,
                owner=lin if number % 2 else zhou,
                state="active",
                kind="new_user",
                name=name,
            )
            groups.append(fill_group(group=one, customers=make_customers(tenant=tenant, count=4, app=app)))
        Group.objects.update(customer_count=187)
        version = make_version(tenant=tenant, steps=steps())
        run = make_run(
            tenant=tenant, version=version, groups=groups[:5], name="启蒙营第6期", starts_on=MONDAY,
            product_title="年课限时优惠", offer_ends_at=datetime(2025, 11, 22, 20, tzinfo=ZONE),
        )  # fmt: skip
        plan_apply(tenant=tenant, run=run)
        other = make_version(
            tenant=tenant, steps=[{"day": n, "at": time(19), "title": "带读"} for n in range(1, 8)]
        )
        more = make_run(tenant=tenant, version=other, groups=groups[5:], name="拼读营第2期", starts_on=MONDAY)
        plan_apply(tenant=tenant, run=more)
        lived_through(tenant, groups)
    at(monkeypatch, THURSDAY)
    return run


def lived_through(tenant: Tenant, groups: list[Group]) -> None:
    past = Touch.objects.filter(planned_at__lt=THURSDAY - timedelta(minutes=90))
    for one in past:
        Touch.objects.filter(pk=one.pk).update(
            state=TouchState.CONFIRMED, done_at=one.due_at, recipients_count=187
        )
    late = Touch.objects.filter(group=groups[2], step__title="倒计时海报", step__day=2).get()
    Touch.objects.filter(pk=late.pk).update(done_at=late.window_ends_at + timedelta(minutes=41))
    rows = Touch.objects.filter(group=groups[2], planned_at__date=THURSDAY.date())
    rows.filter(step__title="倒计时海报").update(state=TouchState.SUBMITTED)
    rows.filter(step__title="分享班会预告").update(
        state=TouchState.HANDED, window_ends_at=THURSDAY - timedelta(minutes=24)
    )
    rows.filter(step__title="加播提醒").update(
        state=TouchState.BLOCKED, rule_code="QUIET-01", reason="22:00–08:00 不打扰"
    )
    event = ValueEvent.objects.create(
        tenant=tenant, kind="talk", title="专家讲座", host="周老师", token="a-1", check_in="a-2",
        starts_at=datetime(2025, 11, 22, 16, 30, tzinfo=ZONE), ends_at=datetime(2025, 11, 22, 17, 30, tzinfo=ZONE),
    )  # fmt: skip
    for group in groups[:5]:
        EventGroup.objects.create(tenant=tenant, event=event, group=group)
    QuotaEntry.objects.create(
        tenant=tenant, receiver_kind="group", receiver_id=groups[5].chat_id, local_date=THURSDAY.date(),
        source="personal", vendor_msgid="own",
    )  # fmt: skip


def due_of(touch: Touch) -> str:
    with tenant_scope(touch.tenant):
        touch.refresh_from_db()
    return f"{touch.due_at.astimezone(ZONE):%d %H:%M}"


def planned(run: Run, title: str) -> Touch:
    with tenant_scope(run.tenant):
        return Touch.objects.select_related("tenant").get(run=run, group__name="启蒙01群", step__title=title)


def test_a_message_is_dragged_taken_back_moved_by_keys_and_refused_with_its_rule(
    make_page: MakePage, camp: Run
) -> None:
    page = make_page(User.objects.get(email="lin@example.com"))
    page.goto(f"/t/{camp.tenant.slug}/sop/calendar/")
    touch = planned(camp, "分享班会")
    chip = page.locator(f"#t{touch.pk}")
    row = page.locator("tr", has=chip)
    look(page, "calendar")
    chip.drag_to(row.locator("td[data-day='2025-11-21']"))
    expect(page.locator(f"td[data-day='2025-11-21'] #t{touch.pk}")).to_be_visible()
    assert due_of(touch) == "21 20:00"
    with page.expect_navigation():
        page.locator(".q-toast button").last.click()
    expect(page.locator(f"td[data-day='2025-11-20'] #t{touch.pk}")).to_be_visible()
    assert due_of(touch) == "20 20:00"
    chip.focus()
    page.keyboard.press("Alt+ArrowDown")
    expect(chip.locator("time")).to_have_text("20:30")
    page.keyboard.press("m")
    page.fill("#q-drawer input[name=due_at]", "2025-11-21T23:00")
    page.watch.expect(409)  # type: ignore[attr-defined]
    page.locator("#q-drawer button[type=submit]").click()
    expect(page.locator("body")).to_contain_text("QUIET-01")
    assert due_of(touch) == "20 20:30"


def test_the_calendar_looks_right_in_the_dark_in_english_and_on_the_phone(
    make_page: MakePage, camp: Run
) -> None:
    user = User.objects.get(email="lin@example.com")
    with tenant_scope(camp.tenant):
        group = Group.objects.get(name="启蒙03群")
    base = f"/t/{camp.tenant.slug}/sop/calendar/"
    page = make_page(user, theme="dark")
    page.goto(f"{base}?group={group.pk}&day=2025-11-20")
    expect(page.locator("#ledger tbody tr").first).to_be_visible()
    look(page, "calendar-dark")
    phone = make_page(user, width="phone")
    phone.goto(base)
    phone.locator(".q-daystrip button[data-day='2025-11-22']").click()
    expect(phone.locator("td[data-day='2025-11-22'].is-pick").first).to_be_visible()
    look(phone, "calendar-phone")
    phone.locator("details.q-clashbox").first.click()
    phone.locator(".q-clashes button").first.click()
    expect(phone.locator("#q-drawer h2")).to_be_visible()
    User.objects.filter(pk=user.pk).update(language="en")
    english = make_page(user, language="en-US")
    english.goto(base)
    english.get_by_role("button", name="Re-plan the blocked one").click()
    expect(english.locator("#q-drawer h2")).to_be_visible()
    look(english, "calendar-en")
