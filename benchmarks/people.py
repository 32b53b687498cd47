"""A crowd for the benchmarks: groups, members, and one private touch for each of them."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from benchmarks.rows import rows_like
from contacts.models import Customer
from groups.models import Group, Member
from sop.enums import Anchor, Audience, Channel
from sop.models import Run, RunGroup, Step, Template, Touch, TouchRecipient, Version
from team.models import Staff
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from wecom.models import App
from wecom.services import app_connect

GROUP_SIZE = 200
CHUNK = 5000
CORP_ID = "wwbenchmark0000002"
# Each group has the next 200 customers of the app; the very first one sits already.
_SEATS = f"""
unnest(%s::bigint[]) with ordinality room(id, place) join (
  select id, external_userid, 1 + id - %s as place from contacts_customer where app_id = %s
) person on room.place = 1 + (person.place - 1) / {GROUP_SIZE} and person.place > 1
"""


@dataclass(frozen=True)
class Crowd:
    run_id: int
    touches: int


def store(rows: Iterable[Any]) -> list[Any]:
    """Insert in chunks; the rows with their ids."""
    stored: list[Any] = []
    source: Iterator[Any] = iter(rows)
    while chunk := list(itertools.islice(source, CHUNK)):
        stored.extend(type(chunk[0]).objects.bulk_create(chunk))
    return stored


def crowd_make(*, tenant: Tenant, touches: int, due_at: datetime) -> Crowd:
    """`touches` customers in groups of 200, and a join touch for each, due at the same moment."""
    now = clock.now()
    with tenant_scope(tenant):
        app = app_connect(tenant=tenant, corp_id=CORP_ID, agent_id=1, secret="unused", actor=SYSTEM)
        homes = groups_make(tenant=tenant, app=app, count=touches // GROUP_SIZE, name="Bench", now=now)
        run, step = run_make(
            tenant=tenant, code="bench", now=now, groups=dict.fromkeys(group for group, _customer in homes),
            anchor=Anchor.MEMBER_JOIN, channel=Channel.STAFF_TASK, audience=Audience.JOINED,
        )  # fmt: skip
        rows = store(
            Touch(
                tenant=tenant, run=run, step=step, group=group, staff=group.owner, channel=Channel.STAFF_TASK,
                occurrence=f"join:{customer.pk}", planned_at=due_at, due_at=due_at,
                window_ends_at=due_at + timedelta(hours=2),
            )
            for group, customer in homes
        )  # fmt: skip
        store(
            TouchRecipient(tenant=tenant, touch=touch, customer=customer)
            for touch, (_group, customer) in zip(rows, homes, strict=True)
        )
    return Crowd(run.pk, touches)


def groups_make(
    *, tenant: Tenant, app: App, count: int, name: str, now: datetime
) -> list[tuple[Group, Customer]]:
    """Groups of 200 customers with twenty owners: each customer with its group. `name` sets the ids apart."""
    staff = store(
        Staff(tenant=tenant, app=app, userid=f"{name}{number}", name=f"员工{number}") for number in range(20)
    )
    groups = store(
        Group(
            tenant=tenant, app=app, chat_id=f"wr{name}{number:05d}", name=f"基准{number}群", state="active",
            owner=staff[number % 20], created_at=now,
        )
        for number in range(count)
    )  # fmt: skip
    first = Customer.objects.create(
        tenant=tenant, app=app, external_userid=f"wm{name}0", name="客户0", first_seen_at=now
    )
    rows_like(
        first, source="generate_series(1, %s) n", params=[count * GROUP_SIZE - 1],
        changes={"external_userid": f"'wm{name}' || n", "name": "'客户' || n"},
    )  # fmt: skip
    seat = Member.objects.create(
        tenant=tenant,
        group=groups[0],
        userid=first.external_userid,
        customer=first,
        joined_at=now,
        is_staff=False,
    )
    rows_like(
        seat, source=_SEATS, params=[[group.pk for group in groups], first.pk, app.pk],
        changes={"group_id": "room.id", "customer_id": "person.id", "userid": "person.external_userid"},
    )  # fmt: skip
    customers = list(Customer.objects.filter(app=app).order_by("pk"))
    return [(groups[number // GROUP_SIZE], customer) for number, customer in enumerate(customers)]


def run_make(
    *, tenant: Tenant, code: str, now: datetime, groups: Iterable[Group], **step_fields: Any
) -> tuple[Run, Step]:
    """A running camp of 30 days with one step, in these groups."""
    template = Template.objects.create(tenant=tenant, code=code, name="基准", kind="camp")
    version = Version.objects.create(
        tenant=tenant, template=template, number=1, days=30, state="published", published_at=now
    )
    step = Step.objects.create(
        tenant=tenant, version=version, key="hello", phase="groundwork", title="欢迎", content_type="value",
        text="欢迎", **step_fields,
    )  # fmt: skip
    run = Run.objects.create(
        tenant=tenant, version=version, name="基准", starts_on=clock.local_date(now, tenant.timezone), days=30
    )
    store(RunGroup(tenant=tenant, run=run, group=group, added_at=now) for group in groups)
    return run, step
