"""A plan says how it serves the north star (R96)."""

from typing import TYPE_CHECKING

from team.selectors.goals import WORDS_MOST, goal_now, goals_served, keeper
from tenants.audit import Actor

if TYPE_CHECKING:
    from tenants.models import Tenant


def goal_asked(*, tenant: "Tenant", kind: str, plan_id: int, words: str, actor: Actor) -> None:
    """A plan goes live: note how it serves the north star in force, in the caller's transaction. Safe to repeat.

    Without words, what was said of this plan before holds. Raises what says that nothing is said; nothing where no
    north star is in force.
    """
    goal = goal_now(tenant=tenant)
    if goal is None:
        return
    told = words.strip()[:WORDS_MOST]
    if told:
        goal_note(tenant=tenant, kind=kind, plan_id=plan_id, words=told, actor=actor)
        return
    known = goals_served(tenant_id=tenant.pk, kind=kind, plan_ids=[plan_id]).get(plan_id)
    if known is None or known.star_id != goal.star_id:
        raise keeper().missing(goal)


def goal_note(*, tenant: "Tenant", kind: str, plan_id: int, words: str, actor: Actor) -> None:
    """How a plan serves the north star in force; nothing where there is none. Safe to repeat."""
    keeper().note(tenant=tenant, kind=kind, plan_id=plan_id, words=words, actor=actor)
