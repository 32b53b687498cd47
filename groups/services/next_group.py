"""The next group of a series (R8): planned with what was decided for the one before it."""

from datetime import date
from typing import Any

from django.db import transaction

from groups.enums import Question
from groups.errors import GroupUnknown
from groups.models import Group, ReadinessAnswer
from groups.services.setup import answer_told, group_plan
from tenants import audit, clock
from tenants.audit import Actor
from tenants.models import Tenant

# What is promised is promised anew: its dates belong to the group before.
CARRIED = tuple(one for one in Question if one != Question.DELIVERABLE)
_SAME = (
    "sub_kind", "purpose", "scenario", "payment_basis", "target_size", "size_reason", "value_proposition", "welcome",
    "announcement", "replies",
)  # fmt: skip


def group_plan_next(
    *,
    tenant: Tenant,
    after_id: int,
    name: str,
    actor: Actor,
    starts_on: date | None = None,
    leader_id: int | None = None,
    **fields: Any,
) -> Group:
    """Plan a group like another one: type, words and answers are taken over, promises and dates are not.

    With a start it lasts as long as the other. `fields` as group_plan takes them. Not safe to repeat: each call plans
    one more.

    Raises GroupUnknown, AnswerInvalid, NotPermitted.
    """
    with transaction.atomic():
        before = Group.objects.filter(tenant=tenant, pk=after_id).first()
        if before is None:
            raise GroupUnknown
        same = {field: getattr(before, field) for field in _SAME}
        if starts_on and before.starts_on and before.ends_on:
            same["ends_on"] = starts_on + (before.ends_on - before.starts_on)
        made = group_plan(tenant=tenant, name=name, actor=actor, starts_on=starts_on, **{**same, **fields})
        taken = _answers(tenant, before=before, made=made, leader_id=leader_id, by=actor.name)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.group.answered", target=made,
            changes={"after": [None, str(before)], **{question: [{}, answer] for question, answer in taken.items()}},
        )  # fmt: skip
    return made


def _answers(
    tenant: Tenant, *, before: Group, made: Group, leader_id: int | None, by: str
) -> dict[str, dict[str, Any]]:
    """Write the answers taken over; whoever leads comes first among the staff."""
    rows = ReadinessAnswer.objects.filter(tenant=tenant, group=before, question__in=CARRIED)
    taken = {row.question: answer_told(row.answer) for row in rows}
    if leader_id is not None:
        told = taken.get(Question.MANAGEMENT, {})
        crew = [leader_id, *(one for one in told.get("crew", []) if one != leader_id)]
        taken[Question.MANAGEMENT.value] = {**told, "crew": crew}
    ReadinessAnswer.objects.bulk_create(
        ReadinessAnswer(
            tenant=tenant, group=made, question=question, answer=answer, answered_by=by[:128], at=clock.now()
        )
        for question, answer in taken.items()
    )
    return taken
