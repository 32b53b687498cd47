"""Give open touches to a colleague, take that back, and propose colleagues for what a leaver had to do."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from sop.enums import REF, TouchState
from sop.errors import CannotTake, ReasonMissing, TouchFixed
from sop.models import Reassignment, Touch
from sop.policies.reassign import Refusal
from sop.selectors.reassign import WORDS, matches, touches_of_leavers
from sop.services.handover import work_put_again
from sop.services.state import touches_store
from team.selectors import staff_get, work_sources_waiting
from team.services import work_items_close, work_items_put
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tenants.locking import one_at_a_time
from tenants.services import require
from tenants.words import say, say_count, say_list

if TYPE_CHECKING:
    from tenants.models import Tenant

LEFT_REF = "sop.left"  # the leads' task about the open touches of one leaver


@dataclass(frozen=True)
class Reassigned:
    """What came of it: the act (None: nothing moved), how many moved, and why the others stay."""

    batch: Reassignment | None
    moved: int
    refused: list[tuple[Touch, Refusal]]


def touches_reassign(
    *, tenant: "Tenant", touch_ids: Iterable[int], staff_id: int, reason: str, actor: Actor
) -> Reassigned:
    """Give these touches to a colleague; those the colleague cannot do stay where they are, each with why.

    One's own touches need WORK, others' OPERATE. Raises ReasonMissing, CannotTake when none can move, NotPermitted,
    Staff.DoesNotExist. Safe to repeat.
    """
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonMissing
    colleague = staff_get(tenant_id=tenant.pk, staff_id=staff_id)
    with transaction.atomic():
        wanted = set(touch_ids)
        held = _held(tenant, wanted)
        rows = [one for one in held if one.pk in wanted]
        if not _may_give(rows, actor):
            raise NotPermitted
        found = matches(tenant=tenant, touches=rows, staff_ids=[colleague.pk])
        if not found or not found[0].taken:
            why = found[0].refused[0][1] if found and found[0].refused else Refusal.NOT_OPEN
            raise CannotTake(_("%(who)s cannot take it: %(why)s.") % {"who": colleague, "why": WORDS[why]})
        taken = found[0].taken
        batch = Reassignment.objects.create(
            tenant=tenant, staff=colleague, reason=reason.strip()[:200], by=actor.name[:64],
            moved=[[one.pk, one.staff_id] for one in taken],
        )  # fmt: skip
        _move(tenant, held, taken, {one.pk: colleague.pk for one in taken})
        audit.record_many(
            tenant=tenant,
            actor=actor,
            verb="sop.touch.reassigned",
            targets=taken,
            reason=f"{colleague}: {reason.strip()}",
        )
        leavers_propose(tenant=tenant)
    return Reassigned(batch, len(taken), found[0].refused)


def reassign_undo(*, tenant: "Tenant", batch_id: int, actor: Actor) -> int:
    """Take an act back: what is still open with the colleague returns to whose it was. Returns how many.

    Safe to repeat. Raises TouchFixed when nothing is open any more, NotPermitted, Reassignment.DoesNotExist.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        batch = Reassignment.objects.select_for_update().get(tenant=tenant, pk=batch_id)
        if not _may_give([], actor) and actor.name[:64] != batch.by:
            raise NotPermitted
        if batch.undone_at is not None:
            return 0
        before = dict(batch.moved)
        held = _held(tenant, before)
        rows = [
            one
            for one in held
            if one.pk in before
            and one.staff_id == batch.staff_id
            and one.send_id is None
            and one.state in (TouchState.PLANNED, TouchState.HANDED)
        ]
        if not rows:
            raise TouchFixed
        _move(tenant, held, rows, {one.pk: before[one.pk] for one in rows})
        batch.undone_at, batch.undone_by = clock.now(), actor.name[:64]
        batch.save(update_fields=["undone_at", "undone_by"])
        audit.record_many(tenant=tenant, actor=actor, verb="sop.touch.reassign_undone", targets=rows)
        leavers_propose(tenant=tenant)
    return len(rows)


def _may_give(rows: list[Touch], actor: Actor) -> bool:
    """Whoever runs SOPs gives anything away; others their own."""
    if Permission.OPERATE in actor.permissions or actor.kind == "system":
        return True
    return actor.kind == "staff" and bool(rows) and all(one.staff_id == actor.id for one in rows)


def _held(tenant: "Tenant", touch_ids: Iterable[int]) -> list[Touch]:
    """These touches and those of their tasks, locked in the order of their numbers.

    One act a tenant at a time: nobody else moves touches between tasks, so the tasks are known before the locks.
    """
    wanted = list(touch_ids)
    one_at_a_time("sop_reassign", tenant_id=tenant.pk)
    chosen = Touch.objects.filter(tenant=tenant, pk__in=wanted, bundle__isnull=False)
    together = Q(bundle__in=set(chosen.values_list("bundle", flat=True)), state=TouchState.HANDED)
    rows = Touch.objects.select_for_update(of=("self",)).select_related("step", "run", "group", "staff")
    return list(rows.filter(Q(pk__in=wanted) | together, tenant=tenant).order_by("pk"))


def _again(tenant: "Tenant", touch_ids: Iterable[int]) -> dict[int, Touch]:
    """The same touches with their new hands, as written."""
    rows = Touch.objects.select_related("step", "run", "group", "staff")
    return {one.pk: one for one in rows.filter(tenant=tenant, pk__in=list(touch_ids))}


def _move(tenant: "Tenant", held: list[Touch], rows: list[Touch], whose: dict[int, int | None]) -> None:
    """Write the new hands of some of the touches held.

    What was handed over leaves its task and becomes one of the new person's.
    """
    moved = {one.pk for one in rows}
    bundles = {one.bundle for one in rows if one.state == TouchState.HANDED and one.bundle}
    stay = [
        one
        for one in held
        if one.pk not in moved and one.bundle in bundles and one.state == TouchState.HANDED
    ]
    for one in rows:
        one.staff_id = whose[one.pk]
    left_behind: dict[int, list[Touch]] = defaultdict(list)
    for one in stay:
        left_behind[one.bundle or one.pk].append(one)
    given: dict[tuple[int, int | None], list[Touch]] = defaultdict(list)
    for one in rows:
        if one.state == TouchState.HANDED:
            given[one.bundle or one.pk, one.staff_id].append(one)
    changed, tasks = [], []
    for bundle, some in left_behind.items():
        changed += _bundled(some)
        tasks.append(some)
        if some[0].bundle != bundle:
            _close_unless_taken(tenant, bundle, given)
    for some in given.values():
        _bundled(some)
        tasks.append(some)
    for bundle in bundles - set(left_behind):
        _close_unless_taken(tenant, bundle, given)
    touches_store([*rows, *changed])
    by_pk = _again(tenant, [one.pk for some in tasks for one in some])
    for some in tasks:
        work_put_again(tenant=tenant, touches=[by_pk[one.pk] for one in some])


def _bundled(some: list[Touch]) -> list[Touch]:
    """Name a task by the first of its touches."""
    first = min(one.pk for one in some)
    for one in some:
        one.bundle = first
    return some


def _close_unless_taken(
    tenant: "Tenant", bundle: int | None, given: dict[tuple[int, int | None], list[Touch]]
) -> None:
    """The old task of a bundle goes, unless a new one has its name: that one is put over it."""
    names = {min(one.pk for one in some) for some in given.values()}
    if bundle is not None and bundle not in names:
        work_items_close(tenant_id=tenant.pk, source_kind=REF, source_ids=[bundle], state="cancelled")


def leavers_propose(*, tenant: "Tenant") -> int:
    """A task for the leads about each leaver's open touches, with who may take them. Returns how many. Repeatable."""
    by_staff: dict[int, list[Touch]] = defaultdict(list)
    for one in touches_of_leavers(tenant=tenant):
        if one.staff_id is not None:
            by_staff[one.staff_id].append(one)
    page = reverse("sop:reassign", kwargs={"tenant_slug": tenant.slug})
    items = {}
    for staff_id, some in by_staff.items():
        offers = [one for one in matches(tenant=tenant, touches=some) if one.taken][:3]
        named = say_list((f"{one.staff} {len(one.taken)}/{len(some)}" for one in offers), say(", "))
        items[staff_id] = {
            "staff_id": None, "kind": "alert", "bucket": "must",
            "title": say_count(
                "%(who)s has left: %(n)s open touch", "%(who)s has left: %(n)s open touches", len(some)
            ) % {"who": some[0].staff, "n": len(some)},
            "detail": say("May take them: %(names)s") % {"names": named}
            if offers else say("No colleague may take them yet"),
            "reason": say("Left the company; nobody else sends these"),
            "due_at": some[0].due_at, "url": f"{page}?from={staff_id}", "verb_label": say("Give away"),
        }  # fmt: skip
    if items:
        work_items_put(tenant_id=tenant.pk, source_kind=LEFT_REF, items=items)
    open_now = work_sources_waiting(tenant_id=tenant.pk, source_kind=LEFT_REF)
    gone = [one for one in open_now if one not in items]
    work_items_close(tenant_id=tenant.pk, source_kind=LEFT_REF, source_ids=gone, state="done")
    return len(items)
