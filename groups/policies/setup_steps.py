"""The six steps of setting a group up (R12), pure: what is seen to be done, what is lacking, when each is due."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from groups.enums import SetupKind
from groups.policies.plan import GroupPlan
from groups.policies.registry import Finding

STEPS: Final = (
    SetupKind.MEMBERS, SetupKind.RULES, SetupKind.CONTENT, SetupKind.NAME, SetupKind.WELCOME, SetupKind.SEATS,
)  # fmt: skip
SEATS: Final = (SetupKind.ADMINS, SetupKind.KOC, SetupKind.ATMOSPHERE, SetupKind.ORDINARY)  # in this order
FIRST: Final = (SetupKind.MEMBERS, SetupKind.RULES, SetupKind.CONTENT)  # before anybody is seated
# Step -> the parts of the readiness page that settle it. What stands at another part belongs to no step.
ANCHORS: Final[Mapping[str, tuple[str, ...]]] = {
    SetupKind.MEMBERS: ("type", "positioning"),
    SetupKind.RULES: ("rules",),
    SetupKind.CONTENT: ("operation", "deliverable"),
    SetupKind.NAME: ("name",),
    SetupKind.WELCOME: ("welcome",),
    SetupKind.SEATS: ("management",),
}
BY_HAND: Final = frozenset({SetupKind.NAME, *SEATS})  # steps whose end the product cannot always see


@dataclass(frozen=True)
class Place:
    """Where one group stands: its plan, what keeps it from going live, and whether WeCom names an admin of it."""

    plan: GroupPlan
    stops: tuple[Finding, ...]
    has_admin: bool = False


def lacks(kind: str, stops: Iterable[Finding]) -> list[Any]:
    """Titles of the checks that stand between a step and its end."""
    return [one.title for one in stops if one.anchor in ANCHORS.get(kind, ())]


def beside(stops: Iterable[Finding]) -> list[Finding]:
    """What keeps the group from going live and belongs to none of the six steps: the end, the crisis plan."""
    known = {anchor for anchors in ANCHORS.values() for anchor in anchors}
    return [one for one in stops if one.anchor not in known]


def seen(place: Place) -> set[str]:
    """The steps, and the parts of the last one, that are seen to be done without anybody's word."""
    plan, found = place.plan, set[str]()
    for kind in (SetupKind.MEMBERS, SetupKind.RULES, SetupKind.CONTENT, SetupKind.WELCOME):
        if not lacks(kind, place.stops):
            found.add(kind)
    if plan.is_linked and not lacks(SetupKind.NAME, place.stops):
        found.add(SetupKind.NAME)
    if plan.is_linked and plan.owner_sits_in and place.has_admin:
        found.add(SetupKind.ADMINS)
    if plan.is_linked and plan.staff_count >= plan.limits.staff_least:
        found.add(SetupKind.ATMOSPHERE)
    if plan.is_linked and plan.customer_count > 0:
        found.add(SetupKind.ORDINARY)
    return found


def finished(place: Place, ticked: Iterable[str]) -> set[str]:
    """The steps and parts that are done: seen, or ticked by hand where that is allowed.

    Seating is done when each of its parts is and nothing about management is lacking. A name that breaks a rule is
    not ticked away.
    """
    by_hand = {one for one in ticked if one in BY_HAND}
    if lacks(SetupKind.NAME, place.stops):
        by_hand.discard(SetupKind.NAME)
    done = seen(place) | by_hand
    if all(one in done for one in SEATS) and not lacks(SetupKind.SEATS, place.stops):
        done.add(SetupKind.SEATS)
    else:
        done.discard(SetupKind.SEATS)
    return done


def due_days(*, starts_on: date | None, planned_on: date, lead_days: int) -> dict[str, date]:
    """{step: its day}, evenly from `lead_days` before the start to the start itself, never before the planning.

    {} without a start: nothing is due before anybody knows when the group begins.
    """
    if starts_on is None:
        return {}
    last = len(STEPS) - 1
    return {
        kind: max(starts_on - timedelta(days=round(lead_days * (last - number) / last)), planned_on)
        for number, kind in enumerate(STEPS)
    }


def default_owner(kind: str, crew: list[int]) -> int | None:
    """Who does a step unless somebody says otherwise: the second of the crew looks after the rules (an admin's duty,
    R6), its first, the group's owner, after all else. None without a crew."""
    if not crew:
        return None
    return crew[1] if kind == SetupKind.RULES and len(crew) > 1 else crew[0]
