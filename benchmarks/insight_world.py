"""A company for the measures of insights: 2,000 groups, 400,000 customers, a year of 10,000,000 behaviours.

Made by the database: when somebody joins follows from their number, what they do from PostgreSQL's random() begun at a
seed, so that two runs make the same people. Acts thin out after the join; one in four sits in a second group, one in
ten in a third, one in twenty is a second record of somebody; some left, some orders were given back.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from benchmarks import owner
from benchmarks.bare import bare
from benchmarks.people import run_make
from benchmarks.rows import rows_like
from contacts.models import Behaviour, Channel, Customer, CustomerTag, Follow, Order, Tag, TagGroup
from groups.models import Group, Member
from leads.models import Lead, Window, WindowMember
from sop.enums import Anchor, Audience
from sop.enums import Channel as StepChannel
from team.models import Staff
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from wecom.models import App
from wecom.services import app_connect

CORP_ID = "wwbenchmark0000008"
GROUPS, SEATS, ACTS_A_PERSON = 2_000, 200, 23
DAYS, STAFF, CHANNELS, TAGS, CAMP_GROUPS, LEADS_EACH = 365, 100, 40, 60, 20, 8
SEED = 0.8
TABLES = (
    "contacts_customer", "groups_group", "groups_member", "contacts_follow", "contacts_behaviour",
    "contacts_customertag", "contacts_order", "leads_windowmember", "leads_lead",
)  # fmt: skip
# What people do beside coming and going: shares, cumulative, of one.
_KINDS = (
    ("message", 0.47), ("checkin", 0.57), ("lesson", 0.66), ("link_click", 0.78), ("radar", 0.85), ("live", 0.89),
    ("purchase_click", 0.93), ("pay_click", 0.955), ("coupon", 0.975), ("form", 0.985), ("order", 1.1),
)  # fmt: skip
_KIND = "case " + " ".join(f"when dice.what < {upto} then '{kind}'" for kind, upto in _KINDS) + " end"
_EACH = "generate_series(0, %s - 1) k"
_SEATS = f"{_EACH} cross join generate_series(0, 2) s where s = 0 or (s = 1 and k %% 4 = 0) or (s = 2 and k %% 10 = 0)"


def _joined(now: datetime) -> str:
    """When customer k joins: spread over the year, each minute of it once at most."""
    return (
        f"(timestamptz '{now.isoformat()}' - mod(k::bigint * 7919, {DAYS * 24 * 60}) * interval '1 minute')"
    )


def world_make(tenant: Tenant, *, share: int = 1) -> dict[str, int]:
    """Fill the company; {what: how many}. `share` 10: a tenth of it."""
    now, groups = clock.now(), GROUPS // share
    with tenant_scope(tenant):
        app = app_connect(tenant=tenant, corp_id=CORP_ID, agent_id=1, secret="unused", actor=SYSTEM)
        with bare(list(TABLES)):
            staff, channel, group = _frame(tenant, app, groups, now)
            first = _customers(tenant, app, groups * SEATS, now)
            _seats(group, groups, first, channel, now)
            _ties(staff, first, channel, groups * SEATS, now)
            _acts(group, groups, first, now)
            _camp(group, first, groups, now)
    owner.settle()
    return counts(tenant)


def counts(tenant: Tenant) -> dict[str, int]:
    """How many there are of what insights read."""
    counted = {
        "groups": Group,
        "customers": Customer,
        "members": Member,
        "behaviours": Behaviour,
        "orders": Order,
    }
    with tenant_scope(tenant):
        return {name: model.objects.count() for name, model in counted.items()}


def _series(row: Any, count: int, **changes: str) -> None:
    rows_like(row, source="generate_series(1, %s) k", changes=changes, params=[count - 1])


def _frame(tenant: Tenant, app: App, groups: int, now: datetime) -> tuple[Staff, Channel, Group]:
    staff = Staff.objects.create(tenant=tenant, app=app, userid="ins0", name="员工0", can_contact=True)
    _series(staff, STAFF, userid="'ins' || k", name="'员工' || k")
    channel = Channel.objects.create(tenant=tenant, name="渠道0", kind="content")
    _series(channel, CHANNELS, name="'渠道' || k")
    group = Group.objects.create(
        tenant=tenant, app=app, chat_id="wrIns0", name="洞察0群", state="active", kind="flash", owner=staff,
        owner_userid=staff.userid, created_at=now, synced_at=now, customer_count=SEATS, staff_count=1,
    )  # fmt: skip
    _series(
        group, groups, chat_id="'wrIns' || k", name="'洞察' || k || '群'",
        kind="(array['flash', 'new_user', 'super_user', 'delivery', ''])[1 + mod(k, 5)]",
        created_at="base.created_at - mod(k * 37, 365) * interval '1 day'", owner_id=f"{staff.pk} + mod(k, {STAFF})",
    )  # fmt: skip
    return staff, channel, group


def _customers(tenant: Tenant, app: App, count: int, now: datetime) -> Customer:
    first = Customer.objects.create(
        tenant=tenant, app=app, external_userid="wmIns0", name="客户0", first_seen_at=now
    )
    _series(
        first, count, external_userid="'wmIns' || k", name="'客户' || k", first_seen_at=_joined(now),
        person_id="case when mod(k, 20) = 0 then base.id + k - 1 end",
    )  # fmt: skip
    holder = TagGroup.objects.create(tenant=tenant, name="意向")
    tag = Tag.objects.create(tenant=tenant, group=holder, name="标签0")
    _series(tag, TAGS, name="'标签' || k")
    row = CustomerTag.objects.create(tenant=tenant, customer=first, tag=tag, source="rule")
    rows_like(
        row, source=_EACH, params=[count],
        changes={"customer_id": f"{first.pk} + k", "tag_id": f"{tag.pk} + mod(k, {TAGS})", "source": "'manual'"},
    )  # fmt: skip
    return first


def _seats(group: Group, groups: int, first: Customer, channel: Channel, now: datetime) -> None:
    row = Member.objects.create(
        tenant_id=group.tenant_id,
        group=group,
        userid="wmInsFirst",
        joined_at=now,
        left_at=now,
        customer=first,
    )
    joined = f"({_joined(now)} + s * (timestamptz '{now.isoformat()}' - {_joined(now)}) / 5)"
    left = f"{joined} + (1 + mod(k * 13 + s, 90)) * interval '1 day'"
    is_gone = f"mod(k * 31 + s, 10) < 3 and {left} < timestamptz '{now.isoformat()}'"
    rows_like(
        row, source=_SEATS, params=[groups * SEATS],
        changes={
            "group_id": f"{group.pk} + mod(k + s * 977, {groups})", "customer_id": f"{first.pk} + k",
            "userid": "'wmIns' || k", "joined_at": joined, "left_at": f"case when {is_gone} then {left} end",
            "quit_scene": f"case when {is_gone} then (array['left', 'removed'])[1 + mod(k, 2)] else '' end",
            "channel_id": f"{channel.pk} + mod(k, {CHANNELS})",
        },
    )  # fmt: skip


def _ties(staff: Staff, first: Customer, channel: Channel, count: int, now: datetime) -> None:
    """Two in three are a friend of somebody: half of them before they join, half after."""
    row = Follow.objects.create(
        tenant_id=staff.tenant_id, customer=first, staff=staff, state="ended", followed_at=now
    )
    rows_like(
        row, source=f"{_EACH} where mod(k, 3) > 0", params=[count],
        changes={
            "staff_id": f"{staff.pk} + mod(k, {STAFF})", "customer_id": f"{first.pk} + k", "state": "'full'",
            "channel_id": f"{channel.pk} + mod(k, {CHANNELS})",
            "followed_at": f"{_joined(now)} + (mod(k, 3) * 2 - 3) * interval '5 hours'",
        },
    )  # fmt: skip


def _acts(group: Group, groups: int, first: Customer, now: datetime) -> None:
    """Joins and leaves as the seats say them, then what people do, then the orders among it."""
    row = Behaviour.objects.create(
        tenant_id=group.tenant_id, source="bench", event_id="0", kind="message", customer=first, group=group,
        occurred_at=now, received_at=now,
    )  # fmt: skip
    for kind, moment in (("join", "joined_at"), ("leave", "left_at")):
        rows_like(
            row, source=f"groups_member m where m.tenant_id = %s and m.{moment} is not null", params=[group.tenant_id],
            changes={
                "group_id": "m.group_id", "customer_id": "m.customer_id", "event_id": f"'{kind}' || m.id",
                "kind": f"'{kind}'", "occurred_at": f"m.{moment}",
            },
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("select setseed(%s)", [SEED])
    # Named after k and n, so that the dice fall anew for each row.
    dice = ", ".join(f"random() + 0 * (k + n) as {one}" for one in ("what", "late", "place"))
    age = f"(timestamptz '{now.isoformat()}' - {_joined(now)})"
    rows_like(
        row, params=[groups * SEATS, ACTS_A_PERSON],
        source=f"{_EACH} cross join generate_series(1, %s) n "
        f"cross join lateral (select {dice}) dice",
        changes={
            "customer_id": f"{first.pk} + k", "event_id": "k || '-' || n", "kind": _KIND,
            "group_id": f"case when dice.place < 0.85 then {group.pk} + mod(k, {groups}) end",
            "occurred_at": f"{_joined(now)} + power(dice.late, 3) * {age}",
        },
    )  # fmt: skip
    order = Order.objects.create(
        tenant_id=group.tenant_id, customer=first, source="bench", order_no="0", amount_fen=19900, state="paid",
        ordered_at=now,
    )  # fmt: skip
    rows_like(
        order, source="contacts_behaviour b where b.tenant_id = %s and b.kind = 'order'", params=[group.tenant_id],
        changes={
            "customer_id": "b.customer_id", "order_no": "b.id::text", "ordered_at": "b.occurred_at",
            "state": "case when mod(b.id, 20) = 0 then 'refunded' else 'paid' end",
        },
    )  # fmt: skip


def _camp(group: Group, first: Customer, groups: int, now: datetime) -> None:
    """A camp in the first groups, its cohort everybody who sits there, one in eight a lead."""
    some = list(Group.objects.order_by("pk")[:CAMP_GROUPS])
    run, _step = run_make(
        tenant=group.tenant, code="insights", now=now - timedelta(days=20), groups=some,
        anchor=Anchor.MEMBER_JOIN, channel=StepChannel.STAFF_TASK, audience=Audience.JOINED,
    )  # fmt: skip
    window = Window.objects.create(
        tenant_id=group.tenant_id, source_kind="sop.run", source_id=run.pk, name="基准营", base_rate=0.02,
        starts_at=now - timedelta(days=20), ends_at=now + timedelta(days=10), frozen_at=now - timedelta(days=19),
        group_ids=[one.pk for one in some],
    )  # fmt: skip
    row = WindowMember.objects.create(
        tenant_id=group.tenant_id, window=window, customer=first, group=group, joined_at=window.starts_at,
        in_cohort=True,
    )  # fmt: skip
    lead = Lead.objects.create(
        tenant_id=group.tenant_id, window=window, customer=first, group=group, state="open", tier="A",
        next_action="call", next_action_at=now,
    )  # fmt: skip
    people = f"generate_series(1, %s - 1) k where mod(k, {groups}) < {CAMP_GROUPS}"
    rows_like(row, source=people, params=[groups * SEATS], changes={"customer_id": f"{first.pk} + k"})
    rows_like(
        lead, source=f"{people} and mod(k / {groups}, {LEADS_EACH}) = 0", params=[groups * SEATS],
        changes={"customer_id": f"{first.pk} + k", "tier": "(array['S', 'A+', 'A', 'B'])[1 + mod(k, 4)]"},
    )  # fmt: skip
