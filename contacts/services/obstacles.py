"""Obstacles of people who try (R34), and the tasks that the three-step state asks for."""

from collections.abc import Iterable

from django.db import transaction
from django.urls import reverse

from contacts.enums import ThreeStep
from contacts.errors import CustomerUnknown, ObstacleGone, ReasonMissing
from contacts.models import Customer, Obstacle
from contacts.policies.steps import step_of
from contacts.selectors import follow_staff_ids
from team.enums import Bucket, WorkKind, WorkState
from team.selectors import work_items_of
from team.services import work_item_close, work_items_close, work_items_put
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say

OBSTACLE = "contacts.obstacle"
UPGRADE = "contacts.upgrade"


def obstacle_note(*, tenant: Tenant, customer_id: int, text: str, actor: Actor) -> Obstacle:
    """Note what stands in somebody's way. Who tries it gets a task for the owner. Raises CustomerUnknown,
    ReasonMissing (no words), NotPermitted. Not safe to repeat: each call is one obstacle."""
    require(actor, Permission.WORK)
    if not text.strip():
        raise ReasonMissing
    with transaction.atomic():
        customer = Customer.objects.filter(tenant=tenant, pk=customer_id).first()
        if customer is None:
            raise CustomerUnknown
        row = Obstacle.objects.create(
            tenant=tenant,
            customer=customer,
            text=text.strip()[:200],
            noted_by=actor.name[:128],
            noted_at=clock.now(),
        )
        changes = {"obstacle": [None, row.text]}
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.customer.obstacle_noted",
            target=customer,
            changes=changes,
        )
        steps_follow(tenant_id=tenant.pk, customer_ids=[customer.pk])
    return row


def obstacle_solve(*, tenant: Tenant, obstacle_id: int, solution: str, actor: Actor) -> Obstacle:
    """Say how an obstacle went away; its task is done. Raises ObstacleGone (unknown or solved), ReasonMissing,
    NotPermitted."""
    require(actor, Permission.WORK)
    if not solution.strip():
        raise ReasonMissing
    with transaction.atomic():
        rows = Obstacle.objects.select_for_update(of=("self",), no_key=True).select_related("customer")
        row = rows.filter(tenant=tenant, pk=obstacle_id, solved_at=None).first()
        if row is None:
            raise ObstacleGone
        row.solution, row.solved_by, row.solved_at = solution.strip()[:200], actor.name[:128], clock.now()
        row.save(update_fields=["solution", "solved_by", "solved_at"])
        changes = {"obstacle": [row.text, row.solution]}
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.customer.obstacle_solved",
            target=row.customer,
            changes=changes,
        )
        work_item_close(
            tenant_id=tenant.pk, source_kind=OBSTACLE, source_id=row.pk, state=WorkState.DONE, by=actor.name
        )
    return row


def steps_follow(*, tenant_id: int, customer_ids: Iterable[int], moved_ids: Iterable[int] = ()) -> None:
    """The tasks that the state of these people asks for: an open obstacle of who tries it is the owner's task; who has
    just bought (`moved_ids`) is invited to the upgraded group. In the caller's transaction. Safe to repeat: what a
    person closed stays closed.
    """
    rows = {row.pk: row for row in Customer.objects.filter(tenant_id=tenant_id, pk__in=set(customer_ids))}
    obstacles = list(Obstacle.objects.filter(tenant_id=tenant_id, customer_id__in=rows, solved_at=None))
    bought = [pk for pk in moved_ids if pk in rows and step_of(rows[pk].stage) == ThreeStep.DEAL]
    if not obstacles and not bought:
        return
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=tenant_id)
    owners = {
        pk: staff[0] for pk, staff in follow_staff_ids(tenant_id=tenant_id, customer_ids=rows).items()
    }  # the oldest friend
    tries = {
        one.pk: one for one in obstacles if step_of(rows[one.customer_id].stage) == ThreeStep.EXPERIENCING
    }
    work_items_close(
        tenant_id=tenant_id,
        source_kind=OBSTACLE,
        source_ids=[one.pk for one in obstacles if one.pk not in tries],
    )
    _put(tenant_id, OBSTACLE, {
        pk: _task(slug, rows[one.customer_id], owners) | {
            "bucket": Bucket.REMIND,
            "title": say("Help %(name)s over an obstacle") % {"name": rows[one.customer_id]},
            "detail": one.text,
            "reason": say("Tries it out and has an open obstacle, noted by %(name)s.") % {"name": one.noted_by},
        }
        for pk, one in tries.items()
    })  # fmt: skip
    _put(tenant_id, UPGRADE, {
        pk: _task(slug, rows[pk], owners) | {
            "bucket": Bucket.SUGGEST,
            "title": say("Invite %(name)s to the upgraded group") % {"name": rows[pk]},
            "reason": say("Has bought: the next group is where they go on."),
        }
        for pk in bought
    })  # fmt: skip


def _task(slug: str, customer: Customer, owners: dict[int, int]) -> dict[str, object]:
    return {
        "staff_id": owners.get(customer.pk),
        "kind": WorkKind.CHECK,
        "url": reverse("contacts:detail", kwargs={"tenant_slug": slug, "pk": customer.pk}),
        "verb_label": say("See the customer"),
    }


def _put(tenant_id: int, source_kind: str, items: dict[int, dict[str, object]]) -> None:
    known = work_items_of(tenant_id=tenant_id, source_kind=source_kind, source_ids=items)
    done = {pk for pk, one in known.items() if one.state == WorkState.DONE}
    fresh = {pk: fields for pk, fields in items.items() if pk not in done}
    if fresh:
        work_items_put(tenant_id=tenant_id, source_kind=source_kind, items=fresh)
