"""A ready plan for a planned new-user group, at one press (R18)."""

from django.db import transaction

from groups.enums import Kind, Opening, State
from groups.errors import AnswerInvalid, StateRefused
from groups.models import NewUserGoal
from groups.policies.openings import PLANS, answers_in_words, merged
from groups.selectors import answers_of
from groups.services.readiness import readiness_save
from groups.services.setup import locked_group
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def opening_apply(*, tenant: Tenant, group_id: int, opening: str, actor: Actor) -> int:
    """Fill readiness answers, first week and goal of a planned group. Returns how many texts of people were kept.

    Safe to repeat. Another plan replaces what the first one wrote and nobody changed. Raises StateRefused for a
    group that is not planned any more, AnswerInvalid for an unknown plan, GroupUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if opening not in PLANS:
        raise AnswerInvalid
    plan = PLANS[opening]
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        if group.state != State.PLANNING:
            raise StateRefused
        goal = NewUserGoal.objects.filter(tenant=tenant, group=group).first() or NewUserGoal(
            tenant=tenant, group=group
        )
        fresh = answers_in_words(plan)
        stored = answers_of(tenant_id=tenant.pk, group_ids=[group.pk]).get(group.pk, {})
        answered, kept = merged(stored=stored, filled=goal.filled, fresh=fresh)
        value = group.value_proposition
        is_ours = not value or value in {str(one.value) for one in PLANS.values()}
        readiness_save(
            tenant=tenant, group_id=group.pk, actor=actor, answered=answered,
            plan={"value_proposition": str(plan.value) if is_ours else value},
            kinds={"kind": Kind.NEW_USER, "purpose": plan.purpose, "scenario": plan.scenario},
        )  # fmt: skip
        before, goal.opening = goal.opening, Opening(opening)
        goal.goals, goal.filled, goal.chosen_at = plan.goals, fresh, clock.now()
        goal.chosen_by = actor.name[:128]
        goal.save()
        audit.record(
            tenant=tenant, actor=actor, verb="groups.opening.applied", target=group,
            changes={"opening": [before or None, opening]},
        )  # fmt: skip
    return kept
