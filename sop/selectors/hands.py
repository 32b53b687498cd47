"""Whose hands carry the steps of a group, and whether their kind suits the links of the camp (R41, R120)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from groups.selectors import staff_in
from sop.enums import Link
from sop.models import Step
from sop.policies.hands import holders, role_for
from team.enums import StaffKind
from team.selectors import staff_kinds, staff_list, suited

if TYPE_CHECKING:
    from groups.models import Group
    from team.models import Staff
    from tenants.models import Tenant

# The halves of a camp that people of one kind are suggested for.
HALVES = ((Link.PRE_CAMP, Link.ACTIVATION, Link.NURTURE), (Link.CONVERSION, Link.CLOSE))


def staff_by_role(*, tenant_id: int, groups: Iterable["Group"]) -> dict[int, dict[str, int | None]]:
    """{group: {role: staff id}}. A role nobody holds falls to the owner. One query."""
    every = {group.pk: group for group in groups}
    present = staff_in(tenant_id=tenant_id, group_ids=sorted(every))
    return {
        group_id: holders(
            owner=group.owner_id, others=[one for one in present.get(group_id, []) if one != group.owner_id]
        )
        for group_id, group in every.items()
    }


def carries(held: Mapping[str, int | None], step: Step) -> int | None:
    """Who of a group carries a step out, of those who hold its roles."""
    return held.get(role_for(role=step.role, channel=step.channel))


@dataclass(frozen=True)
class LinkHands:
    """Who carries out one half of a camp. `fitting`: who of `hands` is of a kind suggested for it; `others`: colleagues
    of such a kind who sit in the groups and have none of its steps, or, where nobody of those sits there, any."""

    first: int
    last: int
    hands: "list[tuple[Staff, str]]"  # (person, kind in words or "")
    fitting: "list[Staff]"
    others: "list[Staff]"
    are_seated: bool


def link_hands(*, tenant: "Tenant", steps: Sequence[Step], groups: Sequence["Group"]) -> list[LinkHands]:
    """For each half of the five links that the steps have: who carries it out in these groups, and whom their kind
    suggests. Three queries, none without links or groups. It suggests; it changes nobody's work."""
    linked = [step for step in steps if step.link]
    if not linked or not groups:
        return []
    roles = staff_by_role(tenant_id=tenant.pk, groups=groups)
    kinds = staff_kinds(tenant_id=tenant.pk)
    people = {one.pk: one for one in staff_list(tenant_id=tenant.pk, active_only=True)}
    seated = {one for held in roles.values() for one in held.values()}
    found = []
    for half in HALVES:
        mine = {role_for(role=step.role, channel=step.channel) for step in linked if step.link in half}
        if not mine:
            continue
        doing = {held[role] for held in roles.values() for role in mine}
        hands = [one for pk, one in people.items() if pk in doing]
        fit = {pk for pk, kind in kinds.items() if suited(kind=kind, links=half)}
        idle = [one for pk, one in people.items() if pk in fit - doing]
        near = [one for one in idle if one.pk in seated]
        found.append(
            LinkHands(
                first=half[0].value,
                last=half[-1].value,
                hands=[(one, _word(kinds.get(one.pk, ""))) for one in hands],
                fitting=[one for one in hands if one.pk in fit],
                others=near or idle,
                are_seated=bool(near),
            )
        )
    return found


def _word(kind: str) -> str:
    return str(StaffKind(kind).label) if kind else ""
