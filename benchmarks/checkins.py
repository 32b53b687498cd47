"""2,000 check-ins a second offered to the web processes as the image serves them: taken, or told that it is busy.

Everybody is a person of their own with a phone that WeCom named, tapping once. Afterwards the books are gone through:
each balance is the sum of its entries, nobody has two check-ins a day, whoever read that it was taken has one, and
whoever read that it is busy has none.
"""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core import signing
from django.db.models import Count

from benchmarks import crowd, owner, servers
from benchmarks.load import quantile
from benchmarks.rows import rows_like
from campaigns.enums import GoalKind, PrizeKind, Theme
from campaigns.models import Account, Campaign, CheckIn, Entry
from campaigns.selectors.checkins import checkin_token
from campaigns.selectors.ledger import unbalanced
from campaigns.selectors.pages import page_path
from campaigns.services.checkins import CheckInWish, checkin_set
from campaigns.services.frame import (
    Costs,
    Idea,
    PrizeWish,
    campaign_create,
    campaign_set_costs,
    campaign_set_place,
    campaign_set_rules,
    prize_save,
)
from campaigns.services.life import campaign_start
from contacts.models import Customer
from content.views.visitors import IDENTITY_SALT
from groups.models import Group, Member
from team.models import Staff
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tenants.services import tenant_sign_up
from wecom.models import App
from wecom.services import app_connect

PER_S = 2_000
SECONDS = 10
ALONE = 300  # taps one after the other before: what the product takes when nobody else is there
WARM_UP = 200
BUSY, TAKEN = 503, 302
CORP_ID = "wwbenchmark0000006"
DAY_POINTS = 5
RULES = "群成员均可参加，每天打卡一次得积分，积分可在商城换礼物。不需要转发朋友圈。有疑问在群里找老师。"


def _fill(tenant: Tenant, people: int) -> tuple[App, Campaign]:
    """A running campaign with a check-in, and so many members of its group."""
    app = app_connect(tenant=tenant, corp_id=CORP_ID, agent_id=1, secret="unused", actor=SYSTEM)
    now = clock.now()
    staff = Staff.objects.create(tenant=tenant, app=app, userid="lin", name="林晓")
    group = Group.objects.create(
        tenant=tenant, app=app, chat_id="wrCheckIn", name="打卡群", state="active", member_version="v0",
        members_as_of=now, synced_at=now, created_at=now - timedelta(days=30), customer_count=people,
    )  # fmt: skip
    first = Customer.objects.create(tenant=tenant, app=app, external_userid="wmTap0", name="客户")
    seat = Member.objects.create(
        tenant=tenant, group=group, userid="wmTap0", customer=first, joined_at=now - timedelta(days=2)
    )
    rows_like(
        first, source="generate_series(1, %s) n", changes={"external_userid": "'wmTap' || n"}, params=[people - 1]
    )  # fmt: skip
    rows_like(
        seat, source="(select id, external_userid from contacts_customer where app_id = %s and id <> %s) c",
        changes={"userid": "c.external_userid", "customer_id": "c.id"}, params=[app.pk, first.pk],
    )  # fmt: skip
    return app, _campaign(tenant, group, staff)


def _campaign(tenant: Tenant, group: Group, staff: Staff) -> Campaign:
    now = clock.now()
    idea = Idea(name="30 天打卡", about="", theme=Theme.FAN_TREAT, goal_kind=GoalKind.PEOPLE, goal_target=10)
    row = campaign_create(tenant=tenant, idea=idea, actor=SYSTEM)
    who: dict[str, Any] = {"tenant": tenant, "campaign_id": row.pk, "actor": SYSTEM}
    campaign_set_place(
        **who, group_ids=[group.pk], starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=7)
    )
    campaign_set_costs(**who, costs=Costs(budget_fen=100_000, media_fen=0, labour_minutes=0))
    prize_save(**who, wish=PrizeWish(name="绘本", kind=PrizeKind.GOODS, unit_fen=1_000, stock=10))
    campaign_set_rules(**who, rules_text=RULES, owner_id=staff.pk)
    wish = CheckInWish(
        tasks="跟读一页", hint="", proof="tap", period="week", goal_days=5, day_points=DAY_POINTS, streak_days=3,
        streak_points=10, goal_points=30, goal_draws=0, gift_id=None, cards_start=1, card_days=0, reach_days=7,
    )  # fmt: skip
    checkin_set(**who, wish=wish)
    campaign_start(**who)
    return Campaign.objects.get(pk=row.pk)


def _taps(app: App, path: str, port: int, day: str, numbers: Iterable[int]) -> list[crowd.Person]:
    """What each phone sends: the form of the page, with the cookies that it would have."""
    until = (clock.now() + timedelta(days=1)).isoformat()
    salt, secret = f"{IDENTITY_SALT}.{app.pk}", secrets.token_hex(16)
    body = f"csrfmiddlewaretoken={secret}&day={day}"
    made = []
    for number in numbers:
        named = signing.dumps({"external": f"wmTap{number}", "staff": "", "until": until}, salt=salt)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {servers.HOST}:{port}\r\nConnection: close\r\n"
            "User-Agent: Mozilla/5.0 (iPhone) MicroMessenger/8.0.40\r\nAccept-Language: zh-CN\r\n"
            f"Cookie: qr_{app.pk}={named}; csrftoken={secret}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        made.append(crowd.Person(head.encode()))
    return made


def measure(_tenant: Tenant) -> dict[str, Any]:
    """In a company of its own: one after the other first, then the crowd."""
    tenant = tenant_sign_up(name="签到", owner=User.objects.create_user("tap@qunce.example"))
    count = WARM_UP + ALONE + PER_S * SECONDS
    with tenant_scope(tenant):
        app, campaign = _fill(tenant, count)
        path = page_path(checkin_token(campaign))
        day = clock.local_date(clock.now(), tenant.timezone).isoformat()
        owner.run("analyze contacts_customer; analyze groups_member")
        with servers.serving("scrm.wsgi:application", {}) as port:
            people = _taps(app, path, port, day, range(count))
            for one in people[:WARM_UP]:
                crowd.offer(servers.HOST, port, [one], 1)
            alone = people[WARM_UP : WARM_UP + ALONE]
            for one in alone:
                crowd.offer(servers.HOST, port, [one], 1)
            many = people[WARM_UP + ALONE :]
            seconds = crowd.offer(servers.HOST, port, many, PER_S)
        return _result(tenant, people, alone, many, seconds)


def _result(
    tenant: Tenant, people: list[crowd.Person], alone: list[crowd.Person], many: list[crowd.Person], seconds: float
) -> dict[str, Any]:  # fmt: skip
    taken, busy = ([one for one in many if one.status == code] for code in (TAKEN, BUSY))
    clear = [one for one in busy if b"retry-after:" in one.heard.lower()]
    ended = max(one.began + one.ms / 1000 for one in many) - min(one.began for one in many)
    wrong = _wrong_books(tenant, people)
    other = len(many) - len(taken) - len(busy)
    return {
        "name": "check-ins, 2,000 a second offered to two cores",
        "unit": "taken/s",
        "product": round(len(taken) / ended, 1),
        "floor": None,
        "ratio": None,
        "budget": "each one taken or told that it is busy with when to come again, none without an answer within "
        "30 s, p99 10 s; the books right",
        "offered_per_s": round(len(many) / seconds),
        "offered": len(many),
        "taken": len(taken),
        "busy": len(busy),
        "busy_with_retry_after": len(clear),
        "unanswered": sum(one.status == 0 for one in many),
        "errors": sorted({one.status for one in many} - {TAKEN, BUSY, 0}),
        "seconds_until_all_answered": round(ended, 1),
        "alone_p50_ms": _ms(alone, 0.5),
        "taken_p50_ms": _ms(taken, 0.5),
        "taken_p99_ms": _ms(taken, 0.99),
        "busy_p50_ms": _ms(busy, 0.5),
        "busy_p99_ms": _ms(busy, 0.99),
        "wrong_in_the_books": wrong,
        "met": not wrong and not other and len(clear) == len(busy) and _ms(taken + busy, 0.99) <= 10_000,
    }


def _ms(some: list[crowd.Person], share: float) -> float:
    return round(quantile(sorted(one.ms for one in some) or [0.0], share), 1)


def _wrong_books(tenant: Tenant, people: list[crowd.Person]) -> int:
    """How many accounts, days and answers do not agree with each other."""
    rows = CheckIn.objects.filter(tenant=tenant).order_by()
    twice = rows.values("customer", "day").annotate(n=Count("pk")).filter(n__gt=1).count()
    has_one = set(rows.values_list("customer__external_userid", flat=True))
    told_wrong = sum(
        (f"wmTap{number}" in has_one) != (one.status == TAKEN)
        for number, one in enumerate(people)
        if one.status in (TAKEN, BUSY)
    )
    held = Account.objects.filter(tenant=tenant, kind="person", unit="points").values_list(
        "balance", flat=True
    )
    points_off = (
        sum(held) != DAY_POINTS * rows.count()
        or Entry.objects.filter(tenant=tenant, unit="points").count() != rows.count()
    )
    return len(unbalanced(tenant_id=tenant.pk)) + twice + told_wrong + int(points_off)
