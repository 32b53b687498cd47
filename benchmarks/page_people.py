"""The people of the company whose pages are measured: 1,000 groups, 200,000 customers, what they did and carry."""

from datetime import timedelta
from typing import Any

from benchmarks.rows import rows_like
from contacts.models import Behaviour, Channel, Customer, CustomerTag, Follow, Tag, TagGroup
from groups.enums import Risk
from groups.models import Group, JoinWay, JoinWayRoom, Member
from team.models import Staff
from tenants import clock
from wecom.models import App

GROUPS = 1_000
SEATS = 200
ACTS_A_PERSON = 5
STAFF = 50
TAGS = 200
WAYS = 100
CHANNELS = 50
PEOPLE_TABLES = (
    "groups_group", "groups_member", "contacts_customer", "contacts_follow", "contacts_behaviour",
    "contacts_customertag",
)  # fmt: skip
_CHANNEL = f"(select min(id) from contacts_channel) + mod(b.k, {CHANNELS})"
_NUMBERED = "(select id, row_number() over (order by id) - 1 as k from {table} where tenant_id = %s) {name}"


def series(row: Any, count: int, **changes: str) -> None:
    """`count` more rows like `row`; `n` counts from 1."""
    rows_like(row, source="generate_series(1, %s) n", changes=changes, params=[count])


def people_fill(app: App, *, share: int = 1) -> None:
    """Staff, groups, customers, their seats, ties, acts, tags and codes. `share` 20: a twentieth of it."""
    groups = GROUPS // share
    tenant_id, then = app.tenant_id, clock.now() - timedelta(days=1)
    common: dict[str, Any] = {"tenant_id": tenant_id}
    person = Staff.objects.create(**common, app=app, userid="page0", name="员工0", can_contact=True)
    series(person, STAFF - 1, userid="'page' || n", name="'员工' || n")
    group = Group.objects.create(
        **common, app=app, chat_id="wrPage0", name="启蒙0群", state="active", kind="new_user", series="启蒙",
        owner=person, owner_userid=person.userid, created_at=then, synced_at=then, customer_count=SEATS, staff_count=1,
    )  # fmt: skip
    series(
        group, groups - 1, chat_id="'wrPage' || n", name="'启蒙' || n || '群'", series="'系列' || mod(n, 20)"
    )
    customer = Customer.objects.create(**common, app=app, external_userid="wmPage0", name="客户0")
    series(
        customer, groups * SEATS - 1, external_userid="'wmPage' || n", name="'客户' || n", stage="1 + mod(n, 6)",
        first_seen_at="base.first_seen_at - n * interval '1 minute'",
    )  # fmt: skip
    _code(app, group)
    _seat(tenant_id, group, customer, then)
    _tie(tenant_id, person, customer)
    _act(tenant_id, group, customer)
    _tag(tenant_id, customer)
    Group.objects.filter(pk__in=Group.objects.order_by("pk").values("pk")[:7]).update(risk=Risk.BAD)


def _pairs(left: str, left_key: str, right: str, right_key: str) -> str:
    """Two tables of the tenant joined by their position."""
    return (
        f"{_NUMBERED.format(table=left, name='a')} join {_NUMBERED.format(table=right, name='b')} "
        f"on {left_key} = {right_key}"
    )


def _seat(tenant_id: int, group: Group, customer: Customer, then: Any) -> None:
    row = Member.objects.create(
        tenant_id=tenant_id, group=group, userid="page-first", customer=customer, joined_at=then, left_at=then
    )
    rows_like(
        row, source=_pairs("groups_group", "a.k", "contacts_customer", f"b.k / {SEATS}"),
        changes={
            "group_id": "a.id", "customer_id": "b.id", "userid": "'wmPage' || b.k", "left_at": "null::timestamptz",
            "channel_id": _CHANNEL, "state_code": f"'p' || mod(b.k, {WAYS})",
        },
        params=[tenant_id, tenant_id],
    )  # fmt: skip


def _tie(tenant_id: int, person: Staff, customer: Customer) -> None:
    row = Follow.objects.create(
        tenant_id=tenant_id, customer=customer, staff=person, state="ended", followed_at=clock.now()
    )
    rows_like(
        row, source=_pairs("team_staff", "a.k", "contacts_customer", f"mod(b.k + 1, {STAFF})"),
        changes={
            "staff_id": "a.id", "customer_id": "b.id", "state": "'full'", "remark": "'备注' || b.k",
            "channel_id": _CHANNEL, "state_code": f"'p' || mod(b.k, {WAYS})",
        },
        params=[tenant_id, tenant_id],
    )  # fmt: skip


def _act(tenant_id: int, group: Group, customer: Customer) -> None:
    row = Behaviour.objects.create(
        tenant_id=tenant_id, source="bench", event_id="0", kind="message", customer=customer, group=group,
        occurred_at=clock.now(),
    )  # fmt: skip
    rows_like(
        row,
        source=_pairs("groups_group", "a.k", "contacts_customer", f"b.k / {SEATS}")
        + " cross join generate_series(1, %s) n",
        changes={
            "group_id": "a.id", "customer_id": "b.id", "event_id": "b.id || '-' || n",
            "kind": "(array['message', 'lesson', 'join', 'radar', 'link_click'])[n]",
            "occurred_at": "base.occurred_at - mod(b.k * 7 + n * 131, 600) * interval '1 hour'",
        },
        params=[tenant_id, tenant_id, ACTS_A_PERSON],
    )  # fmt: skip


def _tag(tenant_id: int, customer: Customer) -> None:
    holder = TagGroup.objects.create(tenant_id=tenant_id, name="意向")
    tag = Tag.objects.create(tenant_id=tenant_id, group=holder, name="标签0")
    series(tag, TAGS - 1, name="'标签' || n")
    row = CustomerTag.objects.create(tenant_id=tenant_id, customer=customer, tag=tag, source="rule")
    rows_like(
        row, source=_pairs("contacts_tag", "a.k", "contacts_customer", f"mod(b.k, {TAGS})"),
        changes={"tag_id": "a.id", "customer_id": "b.id", "source": "'manual'"}, params=[tenant_id, tenant_id],
    )  # fmt: skip


def _code(app: App, group: Group) -> None:
    """Channels, codes into groups, and every seat and tie by one of them."""
    channel = Channel.objects.create(tenant_id=app.tenant_id, name="小红书", kind="content")
    series(channel, CHANNELS - 1, name="'渠道' || n")
    way = JoinWay.objects.create(
        tenant_id=app.tenant_id, app=app, channel=channel, name="活码0", state="p0", status="live",
        vendor_id="v0",
    )  # fmt: skip
    series(way, WAYS - 1, name="'活码' || n", state="'p' || n", vendor_id="'v' || n")
    room = JoinWayRoom.objects.create(
        tenant_id=app.tenant_id, join_way=way, chat_id=group.chat_id, group=group
    )
    rows_like(
        room, source=_pairs("groups_joinway", "a.k", "groups_group", "b.k - 1"),
        changes={"join_way_id": "a.id", "group_id": "b.id", "chat_id": "'wrPage' || b.k"},
        params=[app.tenant_id, app.tenant_id],
    )  # fmt: skip
