"""Nothing is sold in private to newcomers before something of value reached them (R76): the gate's VALUE-01 for a week
of wishes. A sales message whose people are all too new needs messages of value before it, or it has no place.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from contacts.enums import Rule
from contacts.policies.touch import Limits
from contacts.selectors.exposures import newcomers_since, value_given
from contacts.selectors.identity import persons_of
from sop.enums import GROUP_CHANNELS, INTERNAL_CHANNELS, PULL_CHANNELS
from sop.models import Touch
from sop.policies.schedule import Need

if TYPE_CHECKING:
    from tenants.models import Tenant

RULE = str(Rule.VALUE_FIRST)


def is_pushy(touch: Touch, channel: str) -> bool:
    """Whether it would sell to people in private by this channel, as the gate takes it."""
    outside = channel not in GROUP_CHANNELS | INTERNAL_CHANNELS | PULL_CHANNELS
    return outside and touch.step.sells and not touch.step.is_service and not touch.is_talk


@dataclass(frozen=True)
class Standing:
    """What stands between a sales message and its people at a time. `needs` must hold; `people`: how many it reaches
    then, 0 where it may not go out at all."""

    people: int
    needs: tuple[Need, ...] = ()


@dataclass
class ValueFirst:
    """Who is new, what was given to whom, and which messages of the week give something. Three queries, none where
    nothing is sold in private or the rule is off."""

    limits: Limits
    reached: Mapping[int, Sequence[int]]
    persons: dict[int, int] = field(default_factory=dict)
    new_since: dict[int, datetime] = field(default_factory=dict)
    given: dict[int, int] = field(default_factory=dict)
    giving: dict[int, frozenset[int]] = field(
        default_factory=dict
    )  # message of value -> newcomers it reaches
    times: dict[int, list[datetime]] = field(default_factory=dict)  # message of value -> when, by its options

    def read(self, tenant: "Tenant", touches: Sequence[Touch], now: datetime) -> None:
        """`touches`: everything planned, also what stays as it is."""
        asked = {
            one
            for touch in touches
            if is_pushy(touch, touch.channel)
            for one in self.reached.get(touch.pk, ())
        }
        if not asked or self.limits.value_first < 1:
            return
        self.persons = persons_of(tenant_id=tenant.pk, customer_ids=asked)
        since = now - timedelta(days=self.limits.new_days)
        self.new_since = newcomers_since(tenant_id=tenant.pk, person_ids=self._of(asked), since=since)
        self.given = value_given(tenant_id=tenant.pk, person_ids=self.new_since)
        for touch in touches:
            if touch.step.gives_value and touch.channel not in INTERNAL_CHANNELS:
                self.giving[touch.pk] = (
                    frozenset(self._of(self.reached.get(touch.pk, ()))) & self.new_since.keys()
                )

    def _of(self, customer_ids: Iterable[int]) -> set[int]:
        return {self.persons.get(one, one) for one in customer_ids}

    def stays(self, touch: Touch) -> None:
        """A message of value that goes out as it is planned, whatever the plan says."""
        self.times[touch.pk] = [touch.due_at]

    def offered(self, key: int, times: Sequence[datetime]) -> None:
        """A message with the times of its options."""
        if key in self.giving:
            self.times[key] = list(times)

    def standing(self, touch: Touch, at: datetime, fixed: Collection[int] = ()) -> Standing:
        """Of a sales message at a time. `fixed`: messages that stay as they are."""
        people = self._of(self.reached.get(touch.pk, ()))
        lacking = {one for one in people if self._lacks(one, at)}
        if not lacking:
            return Standing(len(people))
        crowds: dict[tuple[frozenset[int], int], int] = defaultdict(int)
        for one in lacking:
            before = frozenset(
                key for key, some in self.giving.items() if one in some and self._before(key, at)
            )
            crowds[before, self.given.get(one, 0)] += 1
        needs, lost = [], 0
        for (before, given), size in crowds.items():
            count = self.limits.value_first - given - len(before & set(fixed))
            some = before - set(fixed)
            if count > len(some):
                lost += size
            elif count > 0:
                needs.append(Need(RULE, self._options(some, at), count))
        left = len(people) - lost
        # Where others may be told all the same, nobody waits for those who are new: the gate leaves them out.
        return Standing(left, tuple(sorted(needs, key=str)) if len(lacking) == len(people) else ())

    def _lacks(self, person: int, at: datetime) -> bool:
        since = self.new_since.get(person)
        if since is None or at >= since + timedelta(days=self.limits.new_days):
            return False
        return self.given.get(person, 0) < self.limits.value_first

    def _before(self, key: int, at: datetime) -> bool:
        return any(one < at for one in self.times.get(key, ()))

    def _options(self, keys: Iterable[int], at: datetime) -> frozenset[tuple[int, int]]:
        return frozenset((key, n) for key in keys for n, one in enumerate(self.times[key]) if one < at)
