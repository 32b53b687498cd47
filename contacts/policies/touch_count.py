"""The gate's rules that count, pure: what has been used, what this message would use, what is kept for others."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from contacts.enums import Rule
from contacts.policies.touch import (
    NOTHING_AHEAD,
    Ahead,
    Coming,
    Decision,
    Ledger,
    Limits,
    Person,
    TouchRequest,
    is_new,
    nobody_left,
    person_of,
    refusal,
)

# Of members at a cap, the rule that lasts longest is the group's.
_WORST = (Rule.WEEK_CAP, Rule.DAY_CAP, Rule.KEPT)


@dataclass(frozen=True, slots=True)
class Count:
    """The rules that count, over one ledger: `decide` is asked for one touch after the other.

    A pass is added to the ledger, so that the next touch sees it.
    """

    ledger: Ledger
    people: Mapping[int, Person]
    limits: Limits
    now: datetime
    ahead: Ahead = NOTHING_AHEAD

    def decide(self, request: TouchRequest, screened: Decision, counted: Collection[int]) -> Decision:
        """The answer to a touch that passed `screen`.

        `counted`: persons whose exposure by this very key is on record; they cost nothing again.
        """
        known = frozenset(counted)
        made = (self._private if request.group_id is None else self._group)(request, screened, known)
        if made.rule_code != Rule.KEPT:
            return made
        return replace(made, retry_at=self._kept_until(request) or made.retry_at)

    def _private(self, request: TouchRequest, screened: Decision, known: frozenset[int]) -> Decision:
        blocked, passed = dict(screened.blocked), []
        reached: set[int] = set()
        for customer_id in screened.customer_ids:
            person_id = person_of(customer_id, self.people)
            rule = self._private_rule(request, customer_id, person_id, known, reached)
            if rule:
                blocked[customer_id] = rule
                continue
            passed.append(customer_id)
            reached.add(person_id)
            if person_id not in known:
                self._count_person(request, person_id)
                if request.wecom_quota:
                    self.ledger.person_quota[self.people[customer_id].external_userid] -= 1
        if not passed:
            return nobody_left(request, blocked, self.limits, self.now)
        return Decision(request.key, True, tuple(passed), blocked=blocked)

    def _private_rule(
        self,
        request: TouchRequest,
        customer_id: int,
        person_id: int,
        known: frozenset[int],
        reached: set[int],
    ) -> str:
        if person_id in reached:
            return Rule.SAME
        if person_id in known:
            return ""
        person = self.people[customer_id]
        if request.is_pushy and self._is_too_early(person, person_id):
            return Rule.VALUE_FIRST
        external = person.external_userid
        if request.wecom_quota and self.ledger.person_quota.get(external, 0) < 1:
            return Rule.QUOTA
        return self._capped(request, customer_id, person_id)

    def _is_too_early(self, person: Person, person_id: int) -> bool:
        given = self.ledger.value.get(person_id, 0)
        return given < self.limits.value_first and is_new(person, self.limits, self.now)

    def _group(self, request: TouchRequest, screened: Decision, known: frozenset[int]) -> Decision:
        group_id = request.group_id or 0
        if not known and (rule := self._group_rule(request, group_id)):
            return refusal(request, rule, self.limits, self.now)
        fresh = {
            one: person_id
            for one in screened.customer_ids
            if (person_id := person_of(one, self.people)) not in known
        }
        over = {
            one: rule for one, person_id in fresh.items() if (rule := self._capped(request, one, person_id))
        }
        if over:
            worst = min(over.values(), key=_WORST.index)
            return refusal(request, worst, self.limits, self.now, over)
        for person_id in set(fresh.values()):
            self._count_person(request, person_id)
        if not known:
            if not request.is_service:
                self.ledger.group[group_id] = self.ledger.group.get(group_id, 0) + 1
            if request.wecom_quota:
                self.ledger.chat_quota[request.chat_id] -= 1
        return screened

    def _group_rule(self, request: TouchRequest, group_id: int) -> str:
        used, most = self.ledger.group.get(group_id, 0), self.limits.group_per_day
        if not (request.is_service or request.past_caps) and used >= most:
            return Rule.GROUP_LIMIT
        left = self.ledger.chat_quota.get(request.chat_id, 0)
        if request.wecom_quota and left < 1:
            return Rule.QUOTA
        if request.is_service or request.past_caps:
            return ""
        coming = _before(self.ahead.groups.get(group_id, ()), request)
        sends = _before(self.ahead.chats.get(request.chat_id, ()), request) if request.wecom_quota else ()
        return Rule.KEPT if used + len(coming) >= most or (sends and left <= len(sends)) else ""

    def _capped(self, request: TouchRequest, customer_id: int, person_id: int) -> str:
        if request.is_service or request.past_caps:
            return ""
        day, week = self.ledger.day.get(person_id, 0), self.ledger.week.get(person_id, 0)
        if day >= self.limits.per_day:
            return Rule.DAY_CAP
        if week >= self.limits.per_week:
            return Rule.WEEK_CAP
        if self.ahead.people:
            coming = len(self._coming(request, customer_id))
            if coming and (day + coming >= self.limits.per_day or week + coming >= self.limits.per_week):
                return Rule.KEPT
        return ""

    def _coming(self, request: TouchRequest, customer_id: int) -> dict[str, datetime]:
        """More important messages that will reach the person today: key -> when."""
        records = self.people[customer_id].records or (customer_id,)
        return {
            one.key: one.due_at
            for record in records
            for one in _before(self.ahead.people.get(record, ()), request)
        }

    def _kept_until(self, request: TouchRequest) -> datetime | None:
        """When what the place is kept for is due: whatever became of it, the place is free or taken then."""
        waits = {one.due_at for one in _before(self.ahead.groups.get(request.group_id or 0, ()), request)}
        for customer_id in request.customer_ids:
            if customer_id in self.people:
                waits.update(self._coming(request, customer_id).values())
        last = max(waits, default=self.now)
        return last + timedelta(seconds=1) if last > self.now else None

    def _count_person(self, request: TouchRequest, person_id: int) -> None:
        if request.gives_value:
            self.ledger.value[person_id] = self.ledger.value.get(person_id, 0) + 1
        if not request.is_service:
            self.ledger.day[person_id] = self.ledger.day.get(person_id, 0) + 1
            self.ledger.week[person_id] = self.ledger.week.get(person_id, 0) + 1


def _before(coming: Sequence[Coming], request: TouchRequest) -> list[Coming]:
    """Those more important than what is asked for now. Never the touch itself."""
    return [one for one in coming if one.priority < request.priority and one.key != request.key]
