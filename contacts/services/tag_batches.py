"""One tag put on many people at once, or taken off, and taken back (R32): in slices, so that any number fits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from contacts.enums import TagEnd, TagSource
from contacts.errors import BatchEmpty, BatchStays, ReasonMissing, TagUnknown
from contacts.models import CustomerTag, Tag, TagBatch, TagPast
from contacts.selectors import customer_ids_known
from contacts.services.tag_marks import marks_again, marks_back, marks_off, marks_on, ties_end
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

SLICE = 2000
TASK = "contacts.run_tag_batch"


def tag_batch_start(
    *,
    tenant: Tenant,
    tag_id: int,
    is_on: bool,
    customer_ids: Iterable[int],
    reason: str,
    actor: Actor,
    expires_at: datetime | None = None,
) -> TagBatch:
    """Put a tag on these people by hand, or take it off. The first 2,000 at once, the others in a task.

    A tag of WeCom's is written to WeCom on every relation to staff, or taken off there. Of ours only what was given
    by hand comes off; who carries the tag by hand already keeps it with its own end. People of other companies are
    left out. Raises BatchEmpty, ReasonMissing, TagUnknown, NotPermitted. A repeat changes nobody.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    people = sorted(customer_ids_known(tenant_id=tenant.pk, customer_ids=customer_ids))
    if not people:
        raise BatchEmpty
    with transaction.atomic():
        tag = Tag.objects.filter(tenant=tenant, pk=tag_id, deleted_at=None).first()
        if tag is None:
            raise TagUnknown
        batch = TagBatch.objects.create(
            tenant=tenant, tag=tag, is_on=is_on, person_ids=people, total=len(people),
            reason=reason.strip()[:200], expires_at=expires_at if is_on else None, asked_by=actor.name[:128],
            asked_at=clock.now(),
        )  # fmt: skip
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.tag.batch_on" if is_on else "contacts.tag.batch_off",
            target=tag,
            changes={"people": [None, len(people)]},
            reason=reason.strip(),
        )
        if _slice(tenant.pk, batch.pk):
            enqueue(TASK, tenant_id=tenant.pk, batch_id=batch.pk)
    batch.refresh_from_db(fields=["done", "changed", "done_at"])
    return batch


def tag_batch_undo(*, tenant: Tenant, batch_id: int, actor: Actor) -> TagBatch:
    """Take a finished batch back: whom it tagged loses the tag, whom it untagged gets it again.

    What somebody changed since stays. Raises TagBatch.DoesNotExist, BatchStays, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        batch = _locked(tenant.pk, batch_id)
        if batch.done_at is None:
            raise BatchStays
        if batch.undo_at is None:
            batch.undo_at, batch.undo_by = clock.now(), actor.name[:128]
            batch.save(update_fields=["undo_at", "undo_by"])
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="contacts.tag.batch_undone",
                target=batch.tag,
                changes={"people": [batch.changed, 0]},
            )
            if _slice(tenant.pk, batch.pk):
                enqueue(TASK, tenant_id=tenant.pk, batch_id=batch.pk)
    batch.refresh_from_db(fields=["undone", "undone_at"])
    return batch


def tag_batch_again(*, tenant: Tenant, batch_id: int, actor: Actor) -> int:
    """Ask WeCom again for what it refused. Returns for how many people. Raises TagBatch.DoesNotExist, NotPermitted.

    Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        batch = _locked(tenant.pk, batch_id)
        return marks_again(tenant_id=tenant.pk, batch_id=batch.pk, by=actor.name)


def tag_batch_run(*, tenant_id: int, batch_id: int) -> None:
    """Go on with a batch to its end, a slice a transaction. Safe to repeat, also in parallel and after a kill."""
    while _slice(tenant_id, batch_id):
        pass


def _locked(tenant_id: int, batch_id: int) -> TagBatch:
    rows = TagBatch.objects.select_for_update(of=("self",), no_key=True).select_related("tag")
    return rows.get(tenant_id=tenant_id, pk=batch_id)


@transaction.atomic
def _slice(tenant_id: int, batch_id: int) -> bool:
    """Do the next people of a batch. Returns whether there are more."""
    batch = _locked(tenant_id, batch_id)
    if batch.done_at is None:
        part = batch.person_ids[batch.done : batch.done + SLICE]
        batch.changed += _put_on(batch, part) if batch.is_on else _take_off(batch, part)
        batch.done += len(part)
        batch.done_at = clock.now() if batch.done == batch.total else None
        batch.save(update_fields=["done", "changed", "done_at"])
        return batch.done_at is None
    if batch.undo_at is None or batch.undone_at is not None:
        return False
    part = batch.person_ids[batch.undone : batch.undone + SLICE]
    if batch.is_on:
        _undo_on(batch, part)
    else:
        _undo_off(batch, part)
    batch.undone += len(part)
    batch.undone_at = clock.now() if batch.undone == batch.total else None
    batch.save(update_fields=["undone", "undone_at"])
    return batch.undone_at is None


def _by_hand(batch: TagBatch, people: list[int]) -> dict[str, Any]:
    return {
        "tenant_id": batch.tenant_id, "tag_id": batch.tag_id, "customer_id__in": people, "staff": None,
        "source": TagSource.MANUAL,
    }  # fmt: skip


def _put_on(batch: TagBatch, people: list[int]) -> int:
    held = set(CustomerTag.objects.filter(**_by_hand(batch, people)).values_list("customer_id", flat=True))
    there = customer_ids_known(tenant_id=batch.tenant_id, customer_ids=people)
    known = set(there) - held
    fresh = [
        CustomerTag(
            tenant_id=batch.tenant_id, customer_id=one, tag_id=batch.tag_id, source=TagSource.MANUAL,
            added_at=clock.now(), added_by=batch.asked_by, expires_at=batch.expires_at,
            evidence={"batch": batch.pk, "reason": batch.reason},
        )
        for one in sorted(known)
    ]  # fmt: skip
    CustomerTag.objects.bulk_create(fresh, ignore_conflicts=True)
    written = marks_on(
        tenant_id=batch.tenant_id,
        pairs={(one, batch.tag_id) for one in there},
        by=batch.asked_by,
        batch_id=batch.pk,
    )
    return len(known | written)


def _take_off(batch: TagBatch, people: list[int]) -> int:
    ties = list(
        CustomerTag.objects.select_for_update().filter(**_by_hand(batch, people)).order_by("customer_id")
    )
    TagPast.objects.bulk_create(
        TagPast(
            tenant_id=batch.tenant_id, customer_id=tie.customer_id, tag_id=tie.tag_id, source=tie.source,
            added_at=tie.added_at, added_by=tie.added_by, ended_at=clock.now(), ended_by=batch.asked_by,
            why=TagEnd.HAND, evidence={**tie.evidence, "off": _off(batch, tie)},
        )
        for tie in ties
    )  # fmt: skip
    CustomerTag.objects.filter(tenant_id=batch.tenant_id, pk__in=[tie.pk for tie in ties]).delete()
    written = marks_off(
        tenant_id=batch.tenant_id,
        pairs={(one, batch.tag_id) for one in people},
        by=batch.asked_by,
        batch_id=batch.pk,
    )
    return len({tie.customer_id for tie in ties} | written)


def _off(batch: TagBatch, tie: CustomerTag) -> dict[str, Any]:
    until = tie.expires_at.isoformat() if tie.expires_at else None
    return {"batch": batch.pk, "reason": batch.reason, "until": until}


def _undo_on(batch: TagBatch, people: list[int]) -> None:
    _mark_back(batch, people)
    ties = CustomerTag.objects.filter(**_by_hand(batch, people), evidence__batch=batch.pk)
    ties_end(
        tenant_id=batch.tenant_id,
        tie_ids=ties.values_list("pk", flat=True),
        why=TagEnd.HAND,
        by=batch.undo_by,
    )


def _mark_back(batch: TagBatch, people: list[int]) -> None:
    marks_back(
        tenant_id=batch.tenant_id,
        batch_id=batch.pk,
        customer_ids=people,
        is_on=batch.is_on,
        by=batch.undo_by,
    )


def _undo_off(batch: TagBatch, people: list[int]) -> None:
    """The tags come back as they were, from now on; one whose time is over meanwhile stays off."""
    _mark_back(batch, people)
    past = TagPast.objects.filter(**_by_hand(batch, people), evidence__off__batch=batch.pk)
    now, back = clock.now(), []
    for row in past.order_by("customer_id", "-ended_at"):
        evidence = dict(row.evidence)
        until = evidence.pop("off")["until"]
        expires_at = datetime.fromisoformat(until) if until else None
        if expires_at is None or expires_at > now:
            back.append(
                CustomerTag(
                    tenant_id=row.tenant_id, customer_id=row.customer_id, tag_id=row.tag_id, source=row.source,
                    added_at=now, added_by=batch.undo_by, evidence=evidence, expires_at=expires_at,
                )
            )  # fmt: skip
    CustomerTag.objects.bulk_create(back, ignore_conflicts=True)
