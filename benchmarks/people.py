"""A crowd for the benchmarks: groups, members, and one private touch for each of them."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contacts.models import Customer
from groups.models import Group, Member
from sop.enums import Anchor, Audience, Channel
from sop.models import Run, Step, Template, Touch, TouchRecipient, Version
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


@dataclass(frozen=True)
class Crowd:
    run_id: int
    touches: int


def _store(rows: Iterable[Any]) -> list[Any]:
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
        groups = _groups(tenant, app, touches // GROUP_SIZE, now)
        customers = _store(
            Customer(
                tenant=tenant,
                app=app,
                external_userid=f"wmBench{number:06d}",
                name=f"客户{number}",
                first_seen_at=now,
            )
            for number in range(touches)
        )
        homes = [groups[number // GROUP_SIZE] for number in range(touches)]
        _store(
            Member(
                tenant=tenant, group=group, userid=customer.external_userid, customer=customer, joined_at=now,
                is_staff=False,
            )
            for group, customer in zip(homes, customers, strict=True)
        )  # fmt: skip
        run, step = _run(tenant, now)
        rows = _store(
            Touch(
                tenant=tenant, run=run, step=step, group=group, staff=group.owner, channel=Channel.STAFF_TASK,
                occurrence=f"join:{customer.pk}", planned_at=due_at, due_at=due_at,
                window_ends_at=due_at + timedelta(hours=2),
            )
            for group, customer in zip(homes, customers, strict=True)
        )  # fmt: skip
        _store(
            TouchRecipient(tenant=tenant, touch=touch, customer=customer)
            for touch, customer in zip(rows, customers, strict=True)
        )
    return Crowd(run.pk, touches)


def _groups(tenant: Tenant, app: App, count: int, now: datetime) -> list[Group]:
    staff = _store(
        Staff(tenant=tenant, app=app, userid=f"bench{number}", name=f"员工{number}") for number in range(20)
    )
    return _store(
        Group(
            tenant=tenant, app=app, chat_id=f"wrBench{number:05d}", name=f"基准{number}群", state="active",
            owner=staff[number % 20], created_at=now,
        )
        for number in range(count)
    )  # fmt: skip


def _run(tenant: Tenant, now: datetime) -> tuple[Run, Step]:
    template = Template.objects.create(tenant=tenant, code="bench", name="基准", kind="camp")
    version = Version.objects.create(
        tenant=tenant, template=template, number=1, days=30, state="published", published_at=now
    )
    step = Step.objects.create(
        tenant=tenant, version=version, key="hello", phase="groundwork", title="欢迎", anchor=Anchor.MEMBER_JOIN,
        channel=Channel.STAFF_TASK, audience=Audience.JOINED, content_type="value", text="欢迎",
    )  # fmt: skip
    run = Run.objects.create(
        tenant=tenant, version=version, name="基准", starts_on=clock.local_date(now, tenant.timezone), days=30
    )
    return run, step
