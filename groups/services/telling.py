"""Tell the others who entered and who left: the behaviour stream for customers, outbox events for all."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from contacts.enums import BehaviourKind
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from groups.events import MemberJoined, MemberLeft, SeatsCorrected
from groups.models import Group, Member
from outbox.services import publish
from tenants import clock

SOURCE = "wecom"


def tell_members(*, group: Group, entered: Sequence[Member], departed: Sequence[Member]) -> None:
    """In the transaction that wrote the rows. Each entry and departure has one event id, so a repeat adds nothing."""
    items = [
        *_items(group, entered, BehaviourKind.JOIN),
        *_items(group, departed, BehaviourKind.LEAVE),
    ]
    if items:
        behaviour_record_many(tenant_id=group.tenant_id, source=SOURCE, items=items)
    if entered:
        at = max(row.joined_at for row in entered)
        publish(
            MemberJoined(
                tenant_id=group.tenant_id, occurred_at=at, group_id=group.pk, joined_at=at, **_ids(entered)
            )
        )
    if departed:
        at = max(row.left_at for row in departed if row.left_at is not None)
        publish(
            MemberLeft(
                tenant_id=group.tenant_id, occurred_at=at, group_id=group.pk, left_at=at, **_ids(departed)
            )
        )


def tell_corrected(*, group: Group, since: datetime) -> None:
    """In the transaction that wrote the rows: on days that are over other people sat there than was told."""
    now = clock.now()
    zone = group.tenant.timezone
    if clock.local_date(since, zone) < clock.local_date(now, zone):
        publish(SeatsCorrected(tenant_id=group.tenant_id, occurred_at=now, group_id=group.pk, since=since))


def _ids(rows: Iterable[Member]) -> dict[str, list[int]]:
    listed = list(rows)
    return {
        "customer_ids": sorted({row.customer_id for row in listed if row.customer_id is not None}),
        "staff_ids": sorted({row.staff_id for row in listed if row.staff_id is not None}),
    }


def _items(group: Group, rows: Iterable[Member], kind: BehaviourKind) -> list[BehaviourItem]:
    return [_item(group, row, kind) for row in rows if not row.is_staff]


def _item(group: Group, row: Member, kind: BehaviourKind) -> BehaviourItem:
    at: datetime = row.joined_at if kind == BehaviourKind.JOIN else row.left_at or row.joined_at
    return BehaviourItem(
        event_id=f"{kind.value}:{group.chat_id}:{row.userid}:{int(row.joined_at.timestamp())}",
        kind=kind.value,
        occurred_at=at,
        customer_id=row.customer_id,
        external_userid=row.userid,
        group_id=group.pk,
        object_kind="group",
        object_id=group.chat_id,
        object_title=group.name,
        data={"scene": row.join_scene if kind == BehaviourKind.JOIN else row.quit_scene},
    )
