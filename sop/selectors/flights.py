"""Trial flights as their page shows them: faults in words, figures side by side, day by day."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median_low
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.enums import Rule as Gate
from groups.selectors import staff_in
from sop.enums import SLEEP_DAYS, STAFF_MINUTES_A_DAY, FlightFault, FlightState, StepRole
from sop.models import Flight, Step, Version
from sop.policies.habits import SHARES, Habits, habits_of
from sop.selectors.timeline import Bar, day_bars
from team.selectors import staff_list
from tenants import preferences

if TYPE_CHECKING:
    from groups.models import Group
    from tenants.models import Tenant

MEMBERS_ASSUMED = 100
GROUPS_ASSUMED = 5
EACH_ASSUMED = 3
FLOWN_MOST = 50  # groups of one flight
PEOPLE_SHOWN = 8  # colleagues one by one; of more, those with the fullest day
_FAULT_OF_RULE = {
    Gate.QUIET: FlightFault.QUIET,
    Gate.DAY_CAP: FlightFault.CAPPED,
    Gate.WEEK_CAP: FlightFault.CAPPED,
    Gate.GROUP_LIMIT: FlightFault.CAPPED,
    Gate.KEPT: FlightFault.CAPPED,
    Gate.QUOTA: FlightFault.QUOTA,
    Gate.VALUE_FIRST: FlightFault.VALUE,
}
SHOWN = 8  # faults of one kind, one by one; the rest is counted


@dataclass(frozen=True)
class Found:
    """What a flight found of one kind: the first few in words, each with its camp day and the step to open (None: of
    no single one, or taken out since); `more` are not listed."""

    fault: FlightFault
    count: int
    items: list[tuple[str, int, int | None]]
    more: int


@dataclass(frozen=True)
class Carrier:
    """One colleague in a flight: their fullest day, and all their minutes."""

    name: str
    minutes: int
    day: int
    total: int
    is_over: bool


@dataclass(frozen=True)
class Leg:
    """One version as it flew. `funnel`: [(label, span or None, whether money)]; `left_out_by`: [(rule, its words,
    persons)] of private messages, the commonest first."""

    version: Version
    touches: int
    messages_a_person: float
    messages_most: int
    talks: int
    held_back: int
    left_out: int
    left_out_by: list[tuple[str, str, int]]
    minutes_most: int
    busiest: str
    carriers: list[Carrier]
    carriers_more: int
    quota_most: int
    quota_limit: int
    faults: list[Found]
    fault_count: int
    bars: list[Bar]
    minute_bars: list[Bar]
    days: list[dict[str, Any]]
    funnel: list[tuple[str, dict[str, int] | None, bool]]


@dataclass(frozen=True)
class Habit:
    """One share as the page says it, counted of so many or assumed."""

    label: str
    share: float
    of: int


def flight_get(*, tenant: "Tenant", flight_id: int) -> Flight:
    """With its versions. Raises Flight.DoesNotExist."""
    rows = Flight.objects.select_related("version__template", "beside__template")
    return rows.get(tenant=tenant, pk=flight_id)


def flights_of(*, tenant: "Tenant", version_id: int, limit: int = 10) -> list[Flight]:
    """The newest flights of a version."""
    rows = (
        Flight.objects.filter(tenant=tenant, version_id=version_id).select_related("beside").defer("result")
    )
    return list(rows.order_by("-created_at", "-pk")[:limit])


def flight_default(*, tenant: "Tenant", groups: "Sequence[Group]") -> dict[str, Any]:
    """What a flight starts from: these groups as they are; stated defaults where there are none. One query."""
    if not groups:
        return {
            "groups": GROUPS_ASSUMED, "members": MEMBERS_ASSUMED, "groups_each": EACH_ASSUMED,
            "colleagues": len(StepRole.values), "as_staffed": False,
        }  # fmt: skip
    owned = Counter(one.owner_id for one in groups if one.owner_id is not None)
    seats = [one.customer_count for one in groups if one.knows_members]
    present = staff_in(tenant_id=tenant.pk, group_ids=[one.pk for one in groups])
    sitting = [len({*present[one.pk], one.owner_id} - {None}) for one in groups]
    return {
        "groups": min(len(groups), FLOWN_MOST),
        "members": max(1, min(round(mean(seats)) if any(seats) else MEMBERS_ASSUMED, 500)),
        "groups_each": min(max(owned.values(), default=1), FLOWN_MOST),
        "colleagues": max(1, min(median_low(sitting), len(StepRole.values))),
        "as_staffed": True,
    }


def flight_legs(flight: Flight) -> list[Leg]:
    """The versions that flew, in the order they were asked for; nothing before it was flown."""
    if flight.state != FlightState.DONE:
        return []
    versions = {one.pk: one for one in (flight.version, flight.beside) if one is not None}
    limit = preferences.value(flight.tenant_id, STAFF_MINUTES_A_DAY)
    steps: dict[int, dict[str, int]] = defaultdict(dict)
    rows = Step.objects.filter(tenant=flight.tenant_id, version__in=list(versions))
    for version_id, key, pk in rows.values_list("version_id", "key", "pk"):
        steps[version_id][key] = pk
    names = _names(flight)
    return [
        _leg(versions[one["version_id"]], one, limit, steps[one["version_id"]], names)
        for one in flight.result["flights"]
    ]


def _names(flight: Flight) -> dict[str, str]:
    """ "staff 7" -> name, of a flight with the tenant's own groups."""
    if not flight.asked.get("group_ids"):
        return {}
    return {f"staff {one.pk}": str(one) for one in staff_list(tenant_id=flight.tenant_id)}


def _leg(
    version: Version,
    flown: dict[str, Any],
    minutes_limit: int,
    steps: dict[str, int],
    names: Mapping[str, str],
) -> Leg:
    days = flown["days"]
    faults = _grouped(_faults(flown, names), steps)
    carriers = _carriers(days, minutes_limit, names)
    person_days = sum(day["people"] for day in days) or 1
    busiest = max(days, key=lambda day: day["minutes_most"])
    return Leg(
        version=version,
        touches=sum(day["touches"] for day in days),
        messages_a_person=sum(day["messages"] for day in days) / person_days,
        messages_most=max(day["messages_most"] for day in days),
        talks=sum(day["talks"] for day in days),
        held_back=sum(sum(day["held_back"].values()) for day in days),
        left_out=sum(sum(day["left_out"].values()) for day in days),
        left_out_by=_left_out_by(days),
        minutes_most=busiest["minutes_most"],
        busiest=_carrier(busiest["busiest"], names),
        carriers=carriers[:PEOPLE_SHOWN],
        carriers_more=max(0, len(carriers) - PEOPLE_SHOWN),
        quota_most=max(day["quota_most"] for day in days),
        quota_limit=max(day["quota_limit"] for day in days),
        faults=faults,
        fault_count=sum(one.count for one in faults),
        # No column is over a limit: the gate lets nobody past the cap, and service messages do not count for it.
        bars=day_bars(
            most := {day["number"]: day["messages_most"] for day in days}, len(days), max(most.values())
        ),
        minute_bars=_minute_bars(days, minutes_limit),
        days=[
            {
                **day,
                "messages_mean": day["messages"] / day["people"] if day["people"] else 0,
                "held": sum(day["held_back"].values()),
            }
            for day in days
        ],
        funnel=_funnel(flown["funnel"]),
    )


def _left_out_by(days: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    counts: Counter[str] = Counter()
    for day in days:
        counts.update(day["left_out"])
    return [(rule, str(Gate(rule).label), n) for rule, n in counts.most_common() if rule in Gate.values]


def _grouped(found: Iterable[tuple[FlightFault, str, int, str]], steps: dict[str, int]) -> list[Found]:
    by_fault: dict[FlightFault, list[tuple[str, int, int | None]]] = defaultdict(list)
    for fault, text, day, key in found:
        by_fault[fault].append((text, day, steps.get(key)))
    return [
        Found(fault, len(some), sorted(some, key=lambda one: one[1])[:SHOWN], max(0, len(some) - SHOWN))
        for fault, some in sorted(by_fault.items())
    ]


def _minute_bars(days: list[dict[str, Any]], limit: int) -> list[Bar]:
    """The busiest staff member's minutes; the limit is three quarters of the height."""
    last = len(days)
    return [
        Bar(
            day=day["number"],
            count=day["minutes_most"],
            x=f"{100 * (day['number'] - 1) / last:.2f}%",
            width=f"{80 / last:.2f}%",
            y=40 - min(40, 30 * day["minutes_most"] // max(limit, 1)),
            height=min(40, 30 * day["minutes_most"] // max(limit, 1)),
            is_over=day["minutes_most"] > limit,
        )
        for day in days
    ]


def _carriers(days: list[dict[str, Any]], limit: int, names: Mapping[str, str]) -> list[Carrier]:
    """Everybody with something to do, the fullest day first."""
    by_hand: dict[str, dict[int, int]] = defaultdict(dict)
    for day in days:
        for who, minutes in day.get("minutes", {}).items():  # a flight of long ago did not keep them
            by_hand[who][day["number"]] = minutes
    found = []
    for who, own in by_hand.items():
        most = max(own, key=lambda one: (own[one], -one))
        found.append(
            Carrier(_carrier(who, names), own[most], most, sum(own.values()), is_over=own[most] > limit)
        )
    return sorted(found, key=lambda one: (-one.minutes, one.name))


def _faults(flown: dict[str, Any], names: Mapping[str, str]) -> Iterator[tuple[FlightFault, str, int, str]]:
    """(kind, words, camp day, key of the step or "")."""
    for held in flown["held"]:
        fault = _FAULT_OF_RULE.get(held["rule"], FlightFault.OTHER)
        text = ngettext(
            "“%(title)s” does not reach %(n)s group (%(rule)s)",
            "“%(title)s” does not reach %(n)s groups (%(rule)s)",
            held["touches"],
        ) % {"title": held["title"], "n": held["touches"], "rule": _named(held["rule"])}
        yield fault, text, held["first_day"], held["step_key"]
    for left in flown.get("left", ()):  # a flight of long ago did not keep them
        if left["rule"] == Gate.VALUE_FIRST:
            text = ngettext(
                "“%(title)s” leaves out %(n)s newcomer (%(rule)s)",
                "“%(title)s” leaves out %(n)s newcomers (%(rule)s)",
                left["people"],
            ) % {"title": left["title"], "n": left["people"], "rule": _named(left["rule"])}
            yield FlightFault.VALUE, text, left["first_day"], left["step_key"]
    for day, who, minutes in flown["over_minutes"]:
        said = _("%(who)s has %(minutes)s minutes to do") % {
            "who": _carrier(who, names), "minutes": minutes,
        }  # fmt: skip
        yield FlightFault.STAFF, said, day, ""
    for first, last in flown["asleep"]:
        said = _("Days %(first)s to %(last)s: no message at all, %(least)s days or more in a row") % {
            "first": first, "last": last, "least": SLEEP_DAYS,
        }  # fmt: skip
        yield FlightFault.SLEEP, said, first, ""
    for one in flown["close"]:
        said = _("“%(one)s” and “%(two)s” come %(minutes)s minutes apart") % {
            "one": one["titles"][0], "two": one["titles"][1], "minutes": one["minutes"],
        }  # fmt: skip
        yield FlightFault.CLOSE, said, one["day"], ""


def _named(rule: str) -> str:
    """A rule of the gate as a person reads it: its code and its words."""
    return f"{rule} {Gate(rule).label}" if rule in Gate.values else rule


def _carrier(who: str, names: Mapping[str, str]) -> str:
    """ "owner 2" in words, "staff 7" by name."""
    if who in names:
        return names[who]
    role, _space, number = who.partition(" ")
    return f"{StepRole(role).label} {number}" if role in StepRole.values else "–"


def _funnel(funnel: dict[str, Any]) -> list[tuple[str, dict[str, int] | None, bool]]:
    return [
        (_("People in the camp"), funnel["people"], False),
        (_("Did the key interaction"), funnel["interacted"], False),
        (_("Placed an order"), funnel["bought"], False),
        (_("Left a group"), funnel["left"], False),
        (_("Income"), funnel["income_fen"], True),
    ]


def habits_shown(flight: Flight) -> tuple[Habits | None, list[Habit]]:
    """What the members behaved by, each share with what it was counted from."""
    if flight.state != FlightState.DONE:
        return None, []
    habits = habits_of(flight.result["habits"])
    labels = {
        "late": _("come after the first day"),
        "overlap": _("sit in two groups of the camp"),
        "new": _("are new to you when they join"),
        "friends": _("are friends with staff"),
        "opted_out": _("want no marketing"),
        "leaves": _("leave on a day"),
        "interacts_told": _("do the key interaction on a day with a message"),
        "interacts_untold": _("do it on a day without one"),
        "buys_asked": _("buy on a day with marketing"),
        "buys_unasked": _("buy on another day"),
    }
    return habits, [
        Habit(labels[name], getattr(habits, name).value, getattr(habits, name).of) for name in SHARES
    ]
