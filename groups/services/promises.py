"""The promise ledger of delivery groups (R17): promise, keep, break, withdraw.

Every write judges the group anew in its own transaction, so that its colour is true at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from groups.enums import Kind, PromiseState
from groups.errors import EvidenceNeeded, GroupUnknown, PromiseClosed, PromiseInvalid, ReasonNeeded
from groups.models import Group, Promise
from groups.policies.promise_lines import Line
from groups.selectors import counts
from groups.selectors.promises import TEXT_LIMIT
from groups.services.glance import glance_refresh
from groups.services.promise_tasks import WORK, promise_tell_if_near
from groups.services.setup import locked_group
from team.enums import WorkState
from team.services import work_item_close
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

FARTHEST = timedelta(days=3650)
_FIELDS = ("text", "due_at", "beneficiary_count")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseDraft:
    """What is promised, by when (aware), and to how many; None: the customers in the group now."""

    text: str
    due_at: datetime
    beneficiary_count: int | None = None


def promise_add(*, tenant: Tenant, group_id: int, draft: PromiseDraft, actor: Actor) -> Promise:
    """Write a promise into the ledger. Not safe to repeat: each call promises once more.

    Raises PromiseInvalid (no delivery group, no text, a moment too far away), GroupUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = delivery_group(tenant, group_id)
        promise = promise_insert(group, draft, actor)
        _after(tenant, promise, actor, "groups.promise.added", {"text": [None, promise.text]})
    return promise


def promise_edit(*, tenant: Tenant, promise_id: int, draft: PromiseDraft, actor: Actor) -> Promise:
    """Change an open promise; its task follows. Safe to repeat. Raises PromiseClosed, PromiseInvalid, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        promise = _locked(tenant, promise_id)
        if promise.state != PromiseState.OPEN:
            raise PromiseClosed
        before = {name: getattr(promise, name) for name in _FIELDS}
        _fill(promise, draft)
        changes = {
            name: [_json(value), _json(getattr(promise, name))]
            for name, value in before.items()
            if value != getattr(promise, name)
        }
        if not changes:
            return promise
        promise.told_at = promise.judged_at = None
        promise.save()
        work_item_close(
            tenant_id=tenant.pk, source_kind=WORK, source_id=promise.pk, state=WorkState.CANCELLED
        )
        _after(tenant, promise, actor, "groups.promise.changed", changes)
    return promise


def promise_keep(
    *, tenant: Tenant, promise_id: int, evidence: str, evidence_url: str = "", actor: Actor
) -> Promise:
    """Say that it was delivered, and what shows it. Safe to repeat: the first evidence stays.

    Raises EvidenceNeeded without words and link, PromiseClosed for one broken or withdrawn, NotPermitted.
    """
    require(actor, Permission.WORK)
    words, link = evidence.strip(), evidence_url.strip()
    if not words and not link:
        raise EvidenceNeeded
    told = {"evidence": words[:1000], "evidence_url": link[:500]}
    return _close(tenant, promise_id, PromiseState.KEPT, actor, told)


def promise_break(*, tenant: Tenant, promise_id: int, reason: str, actor: Actor) -> Promise:
    """Say that it will not be delivered, and why; it counts in the gap at once. Safe to repeat. Raises ReasonNeeded."""
    require(actor, Permission.OPERATE)
    return _close(tenant, promise_id, PromiseState.BROKEN, actor, _why(reason))


def promise_withdraw(*, tenant: Tenant, promise_id: int, reason: str, actor: Actor) -> Promise:
    """Take a promise back before the group, and say why; it counts no more. Safe to repeat. Raises ReasonNeeded."""
    require(actor, Permission.OPERATE)
    return _close(tenant, promise_id, PromiseState.WITHDRAWN, actor, _why(reason))


def promise_reopen(*, tenant: Tenant, promise_id: int, actor: Actor, tells: bool = True) -> Promise:
    """Open a closed promise again: what was said of it stays in the record. Safe to repeat.

    `tells` False: its task is being opened by the caller.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        promise = _locked(tenant, promise_id)
        if promise.state == PromiseState.OPEN:
            return promise
        before, promise.state = promise.state, PromiseState.OPEN
        promise.closed_at = promise.told_at = promise.judged_at = None
        promise.closed_by = promise.reason = promise.evidence = promise.evidence_url = ""
        if not tells:
            promise.told_at = clock.now()
        promise.save()
        _after(tenant, promise, actor, "groups.promise.reopened", {"state": [before, promise.state]})
    return promise


def promise_work_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """What a person says of the task: done alone proves nothing; taking it back opens the promise again."""
    promise = Promise.objects.filter(tenant=tenant, pk=source_id).first()
    if promise is None:
        return
    if verb == "done" and promise.state == PromiseState.OPEN:
        raise EvidenceNeeded
    if verb == "undo" and promise.state == PromiseState.KEPT:
        promise_reopen(tenant=tenant, promise_id=promise.pk, actor=actor, tells=False)


def delivery_group(tenant: Tenant, group_id: int) -> Group:
    """The group, locked. Raises PromiseInvalid for one of another type, GroupUnknown."""
    group = locked_group(tenant, group_id)
    if group.kind != Kind.DELIVERY:
        raise PromiseInvalid(_("Only a delivery group has promises. Set its type first."))
    return group


def promise_insert(group: Group, draft: PromiseDraft, actor: Actor, *, line: Line | None = None) -> Promise:
    """A new promise of a locked group; `line`: the line of the readiness answers that it is. Raises PromiseInvalid."""
    promise = Promise(tenant_id=group.tenant_id, group=group, added_by=actor.name[:128])
    if line is not None:
        promise.from_gate, promise.gate_key, promise.gate_text = True, line.key, line.text[:TEXT_LIMIT]
    _fill(promise, draft)
    promise.save()
    return promise


def _fill(promise: Promise, draft: PromiseDraft) -> None:
    text = draft.text.strip()
    if not text or len(text) > TEXT_LIMIT:
        raise PromiseInvalid(_("Say what is promised, in at most 200 characters."))
    if abs(draft.due_at - clock.now()) > FARTHEST:
        raise PromiseInvalid(_("This moment is too far away."))
    people = draft.beneficiary_count
    if people is None:
        people = counts(tenant_id=promise.tenant_id, group_ids=[promise.group_id])[promise.group_id].customers
    promise.text, promise.due_at, promise.beneficiary_count = text, draft.due_at, people


def _locked(tenant: Tenant, promise_id: int) -> Promise:
    """The promise under its group's lock, as every judgement of a group needs it. Raises GroupUnknown."""
    group_id = Promise.objects.filter(tenant=tenant, pk=promise_id).values_list("group_id", flat=True).first()
    if group_id is None:
        raise GroupUnknown
    group = locked_group(tenant, group_id)
    promise = Promise.objects.select_for_update(of=("self",)).get(tenant=tenant, pk=promise_id)
    promise.group = group
    return promise


def _why(reason: str) -> dict[str, str]:
    if not reason.strip():
        raise ReasonNeeded
    return {"reason": reason.strip()[:200]}


def _close(
    tenant: Tenant, promise_id: int, state: PromiseState, actor: Actor, told: Mapping[str, str]
) -> Promise:
    with transaction.atomic():
        promise = _locked(tenant, promise_id)
        if promise.state == state:
            return promise
        if promise.state != PromiseState.OPEN:
            raise PromiseClosed
        promise.state, promise.closed_at, promise.closed_by = state, clock.now(), actor.name[:128]
        for name, value in told.items():
            setattr(promise, name, value)
        promise.save()
        is_kept = state == PromiseState.KEPT
        work_item_close(
            tenant_id=tenant.pk, source_kind=WORK, source_id=promise.pk, by=actor.name,
            state=WorkState.DONE if is_kept else WorkState.CANCELLED,
        )  # fmt: skip
        changes = {
            "state": [PromiseState.OPEN, state],
            **{name: [None, value] for name, value in told.items()},
        }
        _after(tenant, promise, actor, f"groups.promise.{_VERBS[state]}", changes)
    return promise


_VERBS: dict[str, str] = {
    PromiseState.KEPT: "kept", PromiseState.BROKEN: "broken", PromiseState.WITHDRAWN: "withdrawn",
}  # fmt: skip


def _after(tenant: Tenant, promise: Promise, actor: Actor, verb: str, changes: Mapping[str, Any]) -> None:
    """What follows every write: the record, the task, the group's colour."""
    audit.record(tenant=tenant, actor=actor, verb=verb, target=promise, changes=dict(changes))
    promise_tell_if_near(tenant=tenant, promise=promise)
    glance_refresh(tenant=tenant, group_ids=[promise.group_id])


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
