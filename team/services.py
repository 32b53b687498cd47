"""Writes of staff and work items."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from team.enums import SNOOZE_MINUTES, WORK_MOVES, WorkState
from team.errors import MemberUnknown, NotYours, StaffGone, StaffLinked, StaffUnknown, WorkItemGone
from team.models import Department, Staff, WorkItem
from tenants import audit, clock, preferences
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission, Suspension
from tenants.models import Membership, Tenant
from tenants.services import member_let_in, member_suspend, require

_OPEN = (WorkState.OPEN, WorkState.SNOOZED)
_VERBS = {
    "done": (WorkState.DONE, "team.work_item.done"),
    "snooze": (WorkState.SNOOZED, "team.work_item.snoozed"),
    "undo": (WorkState.OPEN, "team.work_item.reopened"),
}
_FIELDS = frozenset(
    {
        "staff_id", "group_id", "kind", "bucket", "tier", "title", "detail", "script", "script_source", "reason",
        "rule_code", "starts_at", "due_at", "window_ends_at", "url", "phone_url", "verb_label", "state",
    }
)  # fmt: skip


def work_item_put(*, tenant_id: int, source_kind: str, source_id: int, **fields: Any) -> WorkItem:
    """Add or change the item of one matter, in the caller's transaction. Safe to repeat.

    Fields: staff_id (None: anyone), group_id, kind, bucket, tier, title, detail, script, script_source, reason,
    rule_code, starts_at (when the clock of due_at began), due_at, window_ends_at, url, phone_url, verb_label, state
    (open, or blocked with its rule). A closed item put again is open again, unless `state` says otherwise; a
    snoozed one stays away until its time. Raises TypeError for other names.
    """
    return work_items_put(tenant_id=tenant_id, source_kind=source_kind, items={source_id: fields})[source_id]


def work_items_put(
    *, tenant_id: int, source_kind: str, items: dict[int, dict[str, Any]]
) -> dict[int, WorkItem]:
    """`work_item_put` for many matters of one kind: {source_id: fields} -> {source_id: row}. Three queries."""
    for fields in items.values():
        if unknown := set(fields) - _FIELDS:
            raise TypeError(f"a work item has no {sorted(unknown)[0]}")
    now = clock.now()
    WorkItem.objects.bulk_create(
        [
            WorkItem(
                tenant_id=tenant_id,
                source_kind=source_kind,
                source_id=source_id,
                created_at=now,
                **_clipped(items[source_id]),
            )
            for source_id in sorted(items)
        ],
        ignore_conflicts=True,
    )
    rows = WorkItem.objects.select_for_update().filter(
        tenant_id=tenant_id, source_kind=source_kind, source_id__in=list(items)
    )
    found = {row.source_id: row for row in rows.order_by("source_id")}
    WorkItem.objects.bulk_update(
        [row for source_id, row in found.items() if _change(row, items[source_id])],
        [*(name.removesuffix("_id") for name in sorted(_FIELDS)), "snoozed_until", "done_at", "done_by"],
    )
    return found


def _clipped(fields: dict[str, Any]) -> dict[str, Any]:
    """Texts cut to what the columns hold: a long title is no reason to lose the task."""
    longest = {"title": 160, "script_source": 160, "reason": 240, "rule_code": 24, "verb_label": 40}
    return {name: str(value)[: longest[name]] if name in longest else value for name, value in fields.items()}


def _change(row: WorkItem, fields: dict[str, Any]) -> bool:
    """Whether it differs now: a row just made does not."""
    before = {**row.__dict__}
    for name, value in _clipped(fields).items():
        if name != "state":
            setattr(row, name, value)
    wanted = fields.get("state", WorkState.SNOOZED if row.state == WorkState.SNOOZED else WorkState.OPEN)
    if wanted != row.state:
        _set_state(row, wanted)
    return any(row.__dict__[name] != value for name, value in before.items() if name != "_state")


def _set_state(row: WorkItem, state: str, *, by: str = "", until: datetime | None = None) -> None:
    """The one place an item's state changes, by the table in enums. Raises WorkItemGone."""
    if state not in WORK_MOVES[row.state]:
        raise WorkItemGone
    row.state = state
    row.snoozed_until = until
    is_closed = state not in _OPEN and state != WorkState.BLOCKED
    row.done_at, row.done_by = (clock.now(), by[:128]) if is_closed else (None, "")


def work_item_close(
    *, tenant_id: int, source_kind: str, source_id: int, state: str = WorkState.DONE, by: str = ""
) -> bool:
    """Close the item of one matter: done, cancelled or missed. Returns whether one was open. Safe to repeat."""
    return bool(
        work_items_close(
            tenant_id=tenant_id, source_kind=source_kind, source_ids=[source_id], state=state, by=by
        )
    )


def work_items_close(
    *,
    tenant_id: int,
    source_kind: str,
    source_ids: Iterable[int],
    state: str = WorkState.CANCELLED,
    by: str = "",
) -> int:
    """The same for many. Returns how many were open, snoozed or blocked."""
    rows = WorkItem.objects.filter(
        tenant_id=tenant_id,
        source_kind=source_kind,
        source_id__in=list(source_ids),
        state__in=[one for one, moves in WORK_MOVES.items() if WorkState(state) in moves],
    )
    return rows.update(state=WorkState(state), done_at=clock.now(), done_by=by[:128], snoozed_until=None)


WorkAct = Callable[..., None]
_acts: dict[str, WorkAct] = {}


def register_act(source_kind: str, act: WorkAct) -> None:
    """Let the app that owns a kind of matter carry out what a person says of its item.

    `act(tenant=, source_id=, verb=, actor=)` is called for "done" and "undo" inside the transaction, before the item
    changes; a DomainError it raises leaves both as they were. Filled once at start, in scrm.wiring.
    """
    _acts[source_kind] = act


def work_item_act(
    *, tenant: Tenant, item_id: int, verb: str, actor: Actor, staff_ids: Iterable[int] = ()
) -> WorkItem:
    """A person says done, snooze, or undo. `staff_ids` are those the actor is; items of others need OPERATE.

    Raises WorkItemGone, NotYours, NotPermitted, WorkItem.DoesNotExist, and what the owner of the matter raises.
    Saying the same twice is safe.
    """
    require(actor, Permission.WORK)
    wanted, audited = _VERBS[verb]
    with transaction.atomic():
        # The matter first, its item second: the order in which the owner itself takes these locks.
        row = WorkItem.objects.get(tenant=tenant, pk=item_id)
        is_own = row.staff_id is None or row.staff_id in set(staff_ids)
        if not is_own and Permission.OPERATE not in actor.permissions and actor.kind != "system":
            raise NotYours
        act = _acts.get(row.source_kind)
        if act and verb != "snooze" and wanted in WORK_MOVES[row.state]:
            act(tenant=tenant, source_id=row.source_id, verb=verb, actor=actor)
        before = row.state
        row = WorkItem.objects.select_for_update().get(tenant=tenant, pk=item_id)
        if row.state == wanted == before:
            return row
        if verb == "undo" and row.state not in (WorkState.DONE, WorkState.SNOOZED):
            raise WorkItemGone
        until = None
        if verb == "snooze":
            until = clock.now() + timedelta(minutes=preferences.value(tenant.pk, SNOOZE_MINUTES))
        if row.state != wanted:
            _set_state(row, wanted, by=actor.name, until=until)
        row.done_by = actor.name[:128] if wanted == WorkState.DONE else ""
        row.save(update_fields=["state", "snoozed_until", "done_at", "done_by"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb=audited,
            target=row,
            changes={"state": [before, row.state]},
        )
    return row


def work_items_sweep(*, tenant_id: int) -> tuple[int, int]:
    """Wake what was snoozed long enough, and mark missed what ran past its window: (woken, missed). Repeatable.

    What a rule blocked leaves the list with its window: nobody could have done it.
    """
    now = clock.now()
    with transaction.atomic():
        rows = WorkItem.objects.filter(tenant_id=tenant_id)
        missed = rows.filter(state__in=_OPEN, window_ends_at__lte=now).update(
            state=WorkState.MISSED, done_at=now, snoozed_until=None
        )
        woken = rows.filter(state=WorkState.SNOOZED, snoozed_until__lte=now).update(
            state=WorkState.OPEN, snoozed_until=None
        )
        rows.filter(state=WorkState.BLOCKED, window_ends_at__lte=now).update(
            state=WorkState.CANCELLED, done_at=now
        )
    return woken, missed


@dataclass(frozen=True, slots=True)
class StaffSeen:
    """One member as WeCom's contact list shows them."""

    userid: str
    name: str
    department_ids: tuple[int, ...] = ()


_READ_FIELDS = ("name", "department_ids", "is_active", "can_contact")


def staff_store(
    *, tenant_id: int, app_id: int, people: list[StaffSeen], contactable: set[str], is_complete: bool
) -> int:
    """Write what differs of the staff an app sees. With `is_complete` those not seen become inactive; their rows stay.

    `contactable`: user ids that may talk to customers; one seen only there is stored too. Returns how many rows
    changed their standing (active or not, may talk or not). One transaction; safe to repeat.
    """
    now = clock.now()
    seen = {one.userid: one for one in people}
    for userid in contactable - set(seen):
        seen[userid] = StaffSeen(userid, "")
    with transaction.atomic():
        rows = Staff.objects.select_for_update().filter(tenant_id=tenant_id, app_id=app_id).order_by("pk")
        held = list(rows if is_complete else rows.filter(userid__in=seen))
        new_ids = sorted(set(seen) - {row.userid for row in held})
        fresh = [Staff(tenant_id=tenant_id, app_id=app_id, userid=one) for one in new_ids]
        standings = {row.pk: (row.is_active, row.can_contact) for row in held}
        different = [
            row
            for row in [*held, *fresh]
            if _read_staff(row, seen.get(row.userid), row.userid in contactable, now)
        ]
        Staff.objects.bulk_create(fresh, ignore_conflicts=True)
        if known := [row for row in different if row.pk in standings]:
            Staff.objects.bulk_update(known, [*_READ_FIELDS, "synced_at"], batch_size=500)
        _suspend_leavers(tenant_id, [row for row in held if not row.is_active])
    return len(fresh) + sum(standings[row.pk] != (row.is_active, row.can_contact) for row in held)


def _read_staff(row: Staff, seen: StaffSeen | None, can_contact: bool, now: datetime) -> bool:
    """Take what WeCom says of one member, None: nothing any more. Returns whether anything differs."""
    before = [getattr(row, name) for name in _READ_FIELDS]
    if seen is None:
        row.is_active, row.can_contact = False, False
    else:
        row.name = seen.name[:64] or row.name
        row.department_ids = list(seen.department_ids) or row.department_ids
        row.is_active, row.can_contact, row.synced_at = True, can_contact, now
    return before != [getattr(row, name) for name in _READ_FIELDS]


def departments_store(*, tenant_id: int, app_id: int, departments: Sequence[Mapping[str, Any]]) -> None:
    """Write WeCom's department list; those it lacks are removed. One transaction; safe to repeat."""
    with transaction.atomic():
        Department.objects.bulk_create(
            [
                Department(
                    tenant_id=tenant_id,
                    app_id=app_id,
                    dept_id=one["id"],
                    parent_id=one.get("parentid") or 0,
                    name=one.get("name") or str(one["id"]),
                )
                for one in sorted(departments, key=lambda each: each["id"])
            ],
            update_conflicts=True,
            unique_fields=["tenant", "app", "dept_id"],
            update_fields=["parent_id", "name"],
        )
        ids = [one["id"] for one in departments]
        Department.objects.filter(tenant_id=tenant_id, app_id=app_id).exclude(dept_id__in=ids).delete()


def staff_ensure(*, tenant_id: int, app_id: int, userid: str) -> Staff:
    """The row of a userid that an event names; a new one has no name until the next read. Safe to repeat."""
    row, _created = Staff.objects.get_or_create(tenant_id=tenant_id, app_id=app_id, userid=userid)
    return row


def staff_rename(*, tenant_id: int, app_id: int, userid: str, new_userid: str) -> None:
    """A member's userid changed in WeCom. Safe to repeat; a row of the new id that exists already wins."""
    rows = Staff.objects.filter(tenant_id=tenant_id, app_id=app_id)
    if not rows.filter(userid=new_userid).exists():
        rows.filter(userid=userid).update(userid=new_userid)


def staff_deactivate(*, tenant_id: int, app_id: int, userid: str) -> None:
    """A member left the corp: the row stays, inactive; the console login is suspended. Safe to repeat."""
    with transaction.atomic():
        rows = Staff.objects.filter(tenant_id=tenant_id, app_id=app_id, userid=userid)
        rows.update(is_active=False, can_contact=False)
        _suspend_leavers(tenant_id, list(rows))


def _suspend_leavers(tenant_id: int, gone: list[Staff]) -> None:
    """Keep out those who left WeCom, unless another app of the company still lists them. In the transaction."""
    members = {row.membership_id for row in gone if row.membership_id is not None}
    if not members:
        return
    still_here = Staff.objects.filter(tenant_id=tenant_id, membership_id__in=members, is_active=True)
    members -= set(still_here.values_list("membership_id", flat=True))
    open_now = Membership.objects.filter(
        tenant_id=tenant_id, pk__in=members, ended_at=None, suspended_at=None
    ).values_list("pk", flat=True)
    if not open_now:
        return
    tenant = Tenant.objects.get(pk=tenant_id)
    for member_id in sorted(open_now):
        member_suspend(tenant=tenant, member_id=member_id, why=Suspension.LEFT_WECOM, actor=SYSTEM)


def staff_link_member(*, tenant: Tenant, staff_id: int, member_id: int | None, actor: Actor) -> Staff:
    """Say which console login this staff member is; None unlinks. A login is one person: its old link is taken off.

    Whoever is linked can sign in as that login, so only who manages members may say it. Raises StaffUnknown,
    MemberUnknown, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = Staff.objects.select_for_update().filter(tenant=tenant, pk=staff_id).first()
        if row is None:
            raise StaffUnknown
        if member_id is not None:
            if not Membership.objects.filter(tenant=tenant, pk=member_id, ended_at=None).exists():
                raise MemberUnknown
            Staff.objects.filter(tenant=tenant, app_id=row.app_id, membership_id=member_id).exclude(
                pk=row.pk
            ).update(membership=None)
        before, row.membership_id = row.membership_id, member_id
        row.save(update_fields=["membership"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="team.staff.linked",
            target=row,
            changes={"membership": [before, member_id]},
        )
    return row


def staff_let_in(*, tenant: Tenant, staff_id: int, role: str, actor: Actor) -> Staff:
    """Make a staff member a member of the console with a role, in one step: they sign in by WeCom.

    Raises StaffUnknown, StaffGone, StaffLinked, NotPermitted. A repeat is refused, so nobody gets two logins.
    """
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = Staff.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=staff_id)
        staff = row.select_related("membership").first()
        if staff is None:
            raise StaffUnknown
        if not staff.is_active:
            raise StaffGone
        if staff.membership is not None and staff.membership.ended_at is None:
            raise StaffLinked
        member = member_let_in(tenant=tenant, name=str(staff), role=role, actor=actor)
        return staff_link_member(tenant=tenant, staff_id=staff.pk, member_id=member.pk, actor=actor)
