"""One group event applied in a company of 10,000 groups and a million members, beside the same updates by hand."""

import random
import time
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import owner
from benchmarks.rows import rows_like
from contacts.models import Customer
from groups.handlers import on_external_chat
from groups.models import Group, Member
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from wecom.inbox.ingest import Inbound
from wecom.models import App
from wecom.services import app_connect

GROUPS = 10_000
SEATS = 100
PEOPLE = 200_000
SMALL = 10
EVENTS = 400
LARGE_DELTA = 60
CORP_ID = "wwbenchmark0000003"
_LEAVE = """
update groups_member set left_at = %s, left_is_estimate = false, quit_scene = 'left'
where tenant_id = %s and group_id = %s and userid = any(%s) and left_at is null
"""
_STAMP = """
update groups_group set member_version = %s, members_as_of = %s, revision = revision + 1, read_digest = '',
  customer_count = customer_count - %s
where tenant_id = %s and id = %s and member_version = %s
"""


def _fill(app: App, first: int, groups: int, people: int) -> None:
    """Groups `first` to `first + groups`, each with a hundred of `people` customers."""
    common: dict[str, Any] = {"tenant_id": app.tenant_id}
    then = clock.now() - timedelta(days=1)
    group = Group.objects.create(
        **common, app=app, chat_id=f"wrEvent{first}", name="基准群", state="active", member_version="v0",
        members_as_of=then, synced_at=then, created_at=then - timedelta(days=30), customer_count=SEATS,
    )  # fmt: skip
    person = Customer.objects.create(**common, app=app, external_userid=f"wmEvent{first}x0", name="客户")
    seat = Member.objects.create(
        **common, group=group, userid=f"wmSeat{first}", customer=person, joined_at=then - timedelta(days=2)
    )
    series = "generate_series(1, %s) n"
    rows_like(group, source=series, changes={"chat_id": f"'wrEvent{first}x' || n"}, params=[groups])
    rows_like(person, source=series, changes={"external_userid": f"'wmEvent{first}x' || n"}, params=[people])
    rows_like(
        seat,
        source=(
            "(select id, row_number() over (order by id) as k from groups_group where tenant_id = %s "
            f"and chat_id like 'wrEvent{first}x%%') g cross join generate_series(0, %s) s "
            "join (select id, external_userid, row_number() over (order by id) - 1 as k from contacts_customer "
            f"where tenant_id = %s and external_userid like 'wmEvent{first}x%%') c on c.k = (g.k * %s + s) %% %s"
        ),
        changes={"group_id": "g.id", "userid": "c.external_userid", "customer_id": "c.id"},
        params=[app.tenant_id, SEATS - 1, app.tenant_id, SEATS, people],
    )


def _rooms(tenant_id: int, first: int, count: int) -> list[tuple[int, str, list[str]]]:
    """(group id, chat id, userids) of some groups in which nothing has happened yet."""
    found = Group.objects.filter(
        tenant_id=tenant_id, chat_id__startswith=f"wrEvent{first}x", member_version="v0"
    )
    rows = list(found.order_by("pk").values_list("pk", "chat_id"))
    chosen = random.Random(1).sample(rows, min(count, len(rows)))
    seats: dict[int, list[str]] = {}
    for group_id, userid in Member.objects.filter(group_id__in=[pk for pk, _ in chosen]).values_list(
        "group_id", "userid"
    ):
        seats.setdefault(group_id, []).append(userid)
    return [(pk, chat_id, sorted(seats[pk])) for pk, chat_id in chosen]


def _event(app: App, chat_id: str, userids: list[str], version: int) -> Inbound:
    return Inbound(
        tenant_id=app.tenant_id, app_id=app.pk, event="change_external_chat", change_type="update",
        occurred_at=clock.now(),
        fields={
            "ChatId": chat_id, "UpdateDetail": "del_member", "QuitScene": "0", "MemChangeList": userids,
            "LastMemVer": f"v{version}", "CurMemVer": f"v{version + 1}",
        },
    )  # fmt: skip


def _statements(app: App, first: int, members: int) -> int:
    """Statements of one event, savepoints apart."""
    ((_, chat_id, userids),) = _rooms(app.tenant_id, first, 1)
    Group.objects.filter(tenant_id=app.tenant_id, chat_id=chat_id).update(member_version="v7")
    with CaptureQueriesContext(connection) as queries:
        on_external_chat(_event(app, chat_id, userids[:members], 7))
    return sum(not one["sql"].startswith(("SAVEPOINT", "RELEASE")) for one in queries)


def _product(app: App, rooms: list[tuple[int, str, list[str]]]) -> float:
    """Events a second, one after the other."""
    began = time.perf_counter()
    for _, chat_id, userids in rooms:
        on_external_chat(_event(app, chat_id, userids[:1], 0))
    return len(rooms) / (time.perf_counter() - began)


def _floor(tenant_id: int, rooms: list[tuple[int, str, list[str]]]) -> float:
    """The same two updates by hand, one transaction an event."""
    began = time.perf_counter()
    for group_id, _, userids in rooms:
        with transaction.atomic(), connection.cursor() as cursor:
            now = clock.now()
            cursor.execute(_LEAVE, [now, tenant_id, group_id, userids[:1]])
            cursor.execute(_STAMP, ["v1", now, 1, tenant_id, group_id, "v0"])
    return len(rooms) / (time.perf_counter() - began)


def measure(tenant: Tenant) -> dict[str, Any]:
    """One worker, one event at a time; statements counted in a small and in a large company."""
    with tenant_scope(tenant):
        app = app_connect(tenant=tenant, corp_id=CORP_ID, agent_id=1, secret="unused", actor=SYSTEM)
        _fill(app, 1, SMALL, SMALL * SEATS)
        _statements(app, 1, 1)  # whatever is asked only once
        small = [_statements(app, 1, 1), _statements(app, 1, LARGE_DELTA)]
        _fill(app, 2, GROUPS, PEOPLE)
        owner.run("analyze groups_group; analyze groups_member; analyze contacts_customer")
        with connection.cursor() as cursor:
            cursor.execute("select count(*) from groups_member where tenant_id = %s", [tenant.pk])
            members = cursor.fetchone()[0]
        large = [_statements(app, 2, 1), _statements(app, 2, LARGE_DELTA)]
        rooms = [one for one in _rooms(tenant.pk, 2, EVENTS * 2 + 2) if len(one[2]) == SEATS]
        _product(app, rooms[:20])
        product_per_s = _product(app, rooms[20 : 20 + EVENTS - 20])
        floor_per_s = _floor(tenant.pk, rooms[EVENTS : EVENTS * 2])
        applied = Member.objects.exclude(left_at=None).count()
    return {
        "name": "group event applied, 10,000 groups and 1 M members",
        "unit": "events/s",
        "product": round(product_per_s, 1),
        "floor": round(floor_per_s, 1),
        "ratio": round(product_per_s / floor_per_s, 3),
        "budget": "constant queries",
        "queries_small_company": small,
        "queries_large_company": large,
        "members": members,
        "applied": applied,
        "met": len({*small, *large}) == 1 and members >= GROUPS * SEATS,
    }
