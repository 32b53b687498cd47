"""The invented members of a trial flight: who they are, what they do in the evening, and what may come of a camp."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta

from contacts.policies.touch import Person
from sop.policies.habits import Habits, Span, span_of
from tenants.clock import at_local

FLIGHTS = 40  # repeated for the spans, each with habits that history leaves possible
_EVENING = time(21, 0)


@dataclass(slots=True)
class Member:
    """One person. Camp days count from 1; 0: has not happened. `groups[0]` is where private touches come from."""

    number: int
    groups: tuple[int, ...]
    joins_on: int
    is_friend: bool
    is_new: bool  # was first seen shortly before joining
    person: Person
    left_on: int = 0
    interacted_on: int = 0
    bought_on: int = 0
    told: dict[int, int] = field(default_factory=dict)  # camp day -> messages
    asked: set[int] = field(default_factory=set)  # camp days with marketing

    def is_there(self, day: int) -> bool:
        return self.joins_on <= day and (self.left_on == 0 or day <= self.left_on)

    def told_on(self, day: int, *, is_asked: bool) -> None:
        self.told[day] = self.told.get(day, 0) + 1
        if is_asked:
            self.asked.add(day)


def people_make(groups: int, members: int, days: int, habits: Habits, dice: random.Random) -> list[Member]:
    """Members for `groups` groups with `members` seats each; those in two groups take a seat in both."""
    made: list[Member] = []
    taken = [0] * groups
    for group in range(groups):
        while taken[group] < members:
            where = [group]
            other = dice.randrange(groups)
            if dice.random() < habits.overlap.value and other != group and taken[other] < members:
                where.append(other)
            for one in where:
                taken[one] += 1
            made.append(_member(len(made) + 1, tuple(where), days, habits, dice))
    return made


def _member(number: int, groups: tuple[int, ...], days: int, habits: Habits, dice: random.Random) -> Member:
    is_late = dice.random() < habits.late.value
    return Member(
        number=number,
        groups=groups,
        joins_on=dice.randint(2, max(2, days // 2)) if is_late else 1,
        is_friend=dice.random() < habits.friends.value,
        person=Person(external_userid=f"p{number}", opted_out=dice.random() < habits.opted_out.value),
        is_new=dice.random() < habits.new.value,
    )


def meet(members: Sequence[Member], starts_on: date, zone: str) -> None:
    """From when on each newcomer is known: the morning of the day they join (R76)."""
    for one in members:
        if one.is_new:
            joined = at_local(starts_on + timedelta(days=one.joins_on - 1), time.min, zone)
            one.person = replace(one.person, known_since=joined)


def evening(
    there: Sequence[Member], day: int, on: date, habits: Habits, dice: random.Random, zone: str
) -> None:
    """What everyone who is there does on one day, given what reached them."""
    told, untold = habits.interacts_told.value, habits.interacts_untold.value
    asked, unasked, leaves = habits.buys_asked.value, habits.buys_unasked.value, habits.leaves.value
    for one in there:
        if one.interacted_on == 0 and dice.random() < (told if day in one.told else untold):
            one.interacted_on = day
        if one.bought_on == 0 and dice.random() < (asked if day in one.asked else unasked):
            one.bought_on = day
            one.person = replace(one.person, last_bought_at=at_local(on, _EVENING, zone))
        if dice.random() < leaves:
            one.left_on = day


def outcomes(
    members: Sequence[Member], habits: Habits, days: int, dice: random.Random
) -> dict[str, Span | None]:
    """What may come of the camp as it was sent, over FLIGHTS repetitions: {"people", "interacted", "bought", "left",
    "income_fen"}. Income is None without past orders."""
    found: dict[str, list[int]] = {"interacted": [], "bought": [], "left": [], "income_fen": []}
    for _ in range(FLIGHTS):
        once = _once(members, habits, days, dice)
        for name, count in once.items():
            found[name].append(count)
    spans: dict[str, Span | None] = {name: span_of(values) for name, values in found.items()}
    if not habits.order_fen:
        spans["income_fen"] = None
    return {"people": Span(len(members), len(members), len(members)), **spans}


def _once(members: Sequence[Member], habits: Habits, days: int, dice: random.Random) -> dict[str, int]:
    told, untold = habits.interacts_told.draw(dice), habits.interacts_untold.draw(dice)
    asked, unasked, leaves = (
        one.draw(dice) for one in (habits.buys_asked, habits.buys_unasked, habits.leaves)
    )
    interacted = bought = left = income = 0
    roll = dice.random
    for one in members:
        stays = days - one.joins_on + 1
        gone_on = _first_day(stays, leaves, roll())
        left += gone_on <= stays
        there = min(gone_on, stays)
        last = one.joins_on + there - 1
        told_days = sum(1 for day in one.told if day <= last)
        asked_days = sum(1 for day in one.asked if day <= last)
        interacted += roll() > (1 - told) ** told_days * (1 - untold) ** (there - told_days)
        if roll() > (1 - asked) ** asked_days * (1 - unasked) ** (there - asked_days):
            bought += 1
            income += dice.choice(habits.order_fen) if habits.order_fen else 0
    return {"interacted": interacted, "bought": bought, "left": left, "income_fen": income}


def _first_day(days: int, share: float, roll: float) -> int:
    """The first of `days` days on which something of daily `share` happens; days + 1 when it does not."""
    stays = 1.0
    for day in range(1, days + 1):
        stays *= 1 - share
        if roll > stays:
            return day
    return days + 1
