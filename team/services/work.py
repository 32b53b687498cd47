"""Writes of work items: the rows of Today."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation

from team.enums import SNOOZE_MINUTES, WORK_MOVES, Bucket, SnoozeReason, WorkState
from team.errors import NotYours, WorkItemGone
from team.models import WorkItem
from team.policies.notices import told_of
from team.policies.snooze import snoozed_until
from team.selectors.shifts import covers_for
from tenants import audit, clock, preferences, words
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

_OPEN = (WorkState.OPEN, WorkState.SNOOZED)
_VERBS = {
    "done": (WorkState.DONE, "team.work_item.done"),
    "snooze": (WorkState.SNOOZED, "team.work_item.snoozed"),
    "undo": (WorkState.OPEN, "team.work_item.reopened"),
}
_LONGEST = {
    "title": 160,
    "detail": 10_000,
    "script_source": 160,
    "reason": 240,
    "rule_code": 24,
    "verb_label": 40,
}
_SPOKEN = ("title", "detail", "script_source", "reason", "verb_label")
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
    snoozed one stays away until its time. What falls due outside its person's shifts is shown to their backup too.
    title, detail, reason, script_source and verb_label made by tenants.words are read in each reader's language.
    `tells` False: whoever it is for hears of it another way.
    Raises TypeError for other names.
    """
    return work_items_put(tenant_id=tenant_id, source_kind=source_kind, items={source_id: fields})[source_id]


def work_items_put(
    *, tenant_id: int, source_kind: str, items: dict[int, dict[str, Any]]
) -> dict[int, WorkItem]:
    """`work_item_put` for many matters of one kind: {source_id: fields} -> {source_id: row}.

    Four queries; three more when somebody among them has a backup.
    """
    silent = {source_id for source_id, fields in items.items() if not fields.get("tells", True)}
    items = {
        one: {name: value for name, value in fields.items() if name != "tells"}
        for one, fields in items.items()
    }
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
                is_untold=source_id not in silent and bool(_told_as(source_kind, items[source_id])),
                **_columns(items[source_id]),
                facts=words.facts_of(items[source_id], _SPOKEN),
            )
            for source_id in sorted(items)
        ],
        ignore_conflicts=True,
    )
    rows = WorkItem.objects.select_for_update().filter(
        tenant_id=tenant_id, source_kind=source_kind, source_id__in=list(items)
    )
    found = {row.source_id: row for row in rows.order_by("source_id")}
    changed = {
        source_id
        for source_id, row in found.items()
        if _change(row, items[source_id], tells=source_id not in silent)
    }
    covers = covers_for(tenant_id=tenant_id, dues=[(row.staff_id, row.due_at) for row in found.values()])
    for row, cover in zip(found.values(), covers, strict=True):
        if row.cover_id != cover:
            row.cover_id = cover
            changed.add(row.source_id)
    with translation.override(settings.LANGUAGE_CODE):
        WorkItem.objects.bulk_update(
            [row for source_id, row in found.items() if source_id in changed],
            [
                *(name.removesuffix("_id") for name in sorted(_FIELDS)),
                "facts",
                "cover",
                "snoozed_until",
                "done_at",
                "done_by",
                "is_untold",
            ],
        )
    return found


def _told_as(source_kind: str, fields: dict[str, Any]) -> str:
    """The kind of notice that fields of an item ask for, or ""."""
    return told_of(
        kind=fields.get("kind", ""),
        bucket=fields.get("bucket", Bucket.MUST),
        tier=fields.get("tier", ""),
        source_kind=source_kind,
        state=fields.get("state", WorkState.OPEN),
    )


def _columns(fields: dict[str, Any]) -> dict[str, Any]:
    """Texts in the company's language, cut to what the columns hold: a long title is no reason to lose the task."""
    with translation.override(settings.LANGUAGE_CODE):
        return {
            name: str(value)[: _LONGEST[name]] if name in _LONGEST else value
            for name, value in fields.items()
        }


def _change(row: WorkItem, fields: dict[str, Any], *, tells: bool) -> bool:
    """Whether it differs now: a row just made does not."""
    before = {**row.__dict__}
    told_before = _told_as(row.source_kind, before), row.staff_id, row.tier
    for name, value in _columns(fields).items():
        if name != "state":
            setattr(row, name, value)
    kept = {name: facts for name, facts in row.facts.items() if name not in fields}
    row.facts = kept | words.facts_of(fields, _SPOKEN)
    wanted = fields.get("state", WorkState.SNOOZED if row.state == WorkState.SNOOZED else WorkState.OPEN)
    if wanted != row.state:
        _set_state(row, wanted)
    told_now = _told_as(row.source_kind, row.__dict__), row.staff_id, row.tier
    row.is_untold = row.is_untold or bool(tells and told_now[0] and told_now != told_before)
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


@dataclass(frozen=True)
class Opens:
    """Where "done" leads instead: the matter is done there, and its item goes with it. Paths without a host."""

    url: str
    phone_url: str


WorkAct = Callable[..., Opens | None]
_acts: dict[str, WorkAct] = {}


def register_act(source_kind: str, act: WorkAct) -> None:
    """Let the app that owns a kind of matter carry out what a person says of its item.

    `act(tenant=, source_id=, verb=, actor=)` is called for "done" and "undo" inside the transaction, before the item
    changes; a DomainError it raises leaves both as they were. An `Opens` it returns leaves the item too. Filled once
    at start, in scrm.wiring. What follows a colon in a kind is its owner's own.
    """
    _acts[source_kind] = act


def work_item_act(
    *,
    tenant: Tenant,
    item_id: int,
    verb: str,
    actor: Actor,
    staff_ids: Iterable[int] = (),
    why: str = SnoozeReason.BUSY,
) -> WorkItem:
    """A person says done, snooze, or undo. `staff_ids` are those the actor is; items of others need OPERATE.
    A backup whom an item is shown to may act on it like its person. `why` (a SnoozeReason) says for how long it is
    put off; an unknown word raises ValueError.

    Where the matter is done on a page of its own, that is the item's `opens`, and the item is as it was.
    Raises WorkItemGone, NotYours, NotPermitted, WorkItem.DoesNotExist, and what the owner of the matter raises.
    Saying the same twice is safe.
    """
    require(actor, Permission.WORK)
    wanted, audited = _VERBS[verb]
    with transaction.atomic():
        # The matter first, its item second: the order in which the owner itself takes these locks.
        row = WorkItem.objects.get(tenant=tenant, pk=item_id)
        is_own = row.staff_id is None or not {row.staff_id, row.cover_id}.isdisjoint(staff_ids)
        if not is_own and Permission.OPERATE not in actor.permissions and actor.kind != "system":
            raise NotYours
        act = _acts.get(row.source_kind.partition(":")[0])
        is_about_matter = (verb != "snooze" and row.state != WorkState.SNOOZED) or verb == "done"
        if act and is_about_matter and wanted in WORK_MOVES[row.state]:
            row.opens = act(tenant=tenant, source_id=row.source_id, verb=verb, actor=actor)
            if row.opens:
                return row
        before = row.state
        row = WorkItem.objects.select_for_update().get(tenant=tenant, pk=item_id)
        if row.state == wanted == before:
            return row
        if verb == "undo" and row.state not in (WorkState.DONE, WorkState.SNOOZED):
            raise WorkItemGone
        until = None
        if verb == "snooze":
            until = snoozed_until(
                reason=SnoozeReason(why), now=clock.now(), zone=tenant.timezone,
                minutes=preferences.value(tenant.pk, SNOOZE_MINUTES),
            )  # fmt: skip
        if row.state != wanted:
            _set_state(row, wanted, by=actor.name, until=until)
        row.done_by = actor.name[:128] if wanted == WorkState.DONE else ""
        row.snooze_reason = why if wanted == WorkState.SNOOZED else ""
        row.save(update_fields=["state", "snoozed_until", "snooze_reason", "done_at", "done_by"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb=audited,
            target=row,
            changes={"state": [before, row.state]},
            reason=str(SnoozeReason(why).label) if wanted == WorkState.SNOOZED else "",
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
