"""The rules of the one gate, pure: who may be reached by what, now, and when to try again.

Order, first hit names the rule. A: the whole touch; P: one person.

    A ENDED-01    the group has ended             A FREEZE-01   sends of the group are frozen
    P GONE-01     the person is not known here    P OPT-01      no marketing wanted
    P CONSENT-01  consent is needed and missing   P BUYER-01    has bought, and the touch leaves buyers out
    A QUIET-01    quiet hours; retry at their end A GROUP-01    the group's messages of the day are used up
    A/P QUOTA-01  WeCom's own limit               P CAP-01, CAP-02  the person's messages of the day, the week
    P VALUE-01    is new, and was given nothing of value before something is sold in private
    P SAME-01     gets it with another record     A/P KEPT-01   the last place is kept for something more important
    A NOBODY-01   no person is left

Counted are persons: whoever has several records (R37) has one count, and one message reaches them once, whatever
record it names. A private touch loses only the persons a rule names. A group message cannot leave anyone out: it is
blocked as a whole when any member would exceed a cap or is unknown. Opt-out, consent and buyers are personal rules; in
a group they do not silence the others and are returned as `noted`, so that a screen can say so. Where messages compete
for the last place of a day, the more important one has it, also when it is due later that day (`Ahead`). Service
messages (a receipt, a class link: something the person waits for) pass opt-out, consent, quiet hours and caps, and do
not count.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from contacts.enums import Rule
from tenants.clock import at_local, local

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class TouchRequest:
    """One touch that wants to go out. `key` identifies it for ever: asking again counts nothing twice.

    `customer_ids`: for a group, all its current customer members, which the caller resolves. `chat_id` is WeCom's
    id of the group, needed when `wecom_quota` (a corp mass send). `buyers_since` (aware) limits what counts as
    having bought; None: any paid order ever. `group_frozen` and `group_ended` are the caller's facts. `priority`:
    the lower the more important; it counts only against what `Ahead` names. `sells`: it is sales work, and no declared
    offer for newcomers; `gives_value`: what it says is of value by itself. `past_caps`: a leader let this one message
    pass our own caps and the group's number of the day (R128); it counts all the same, and passes no other rule.
    """

    key: str
    channel: str
    customer_ids: tuple[int, ...] = ()
    group_id: int | None = None
    chat_id: str = ""
    staff_id: int | None = None
    is_marketing: bool = True
    is_service: bool = False
    excludes_buyers: bool = False
    buyers_since: datetime | None = None
    wecom_quota: bool = False
    group_frozen: bool = False
    group_ended: bool = False
    priority: int = 50
    sells: bool = False
    gives_value: bool = False
    past_caps: bool = False

    @property
    def is_pushy(self) -> bool:
        """Whether it sells to a person in private: a new member must have been given something first (R76)."""
        return self.sells and self.group_id is None and not self.is_service


@dataclass(frozen=True, slots=True)
class Coming:
    """A message that is planned for later on the same local day. `priority`: the lower the more important."""

    key: str
    priority: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is still to come on the local day and may be more important than what is asked for now.

    `people`: customer id -> messages that will reach the customer; `groups`: group id -> messages into the group;
    `chats`: WeCom's id of a group -> mass sends into it. Service messages are no part of it.
    """

    people: Mapping[int, Sequence[Coming]] = field(default_factory=dict)
    groups: Mapping[int, Sequence[Coming]] = field(default_factory=dict)
    chats: Mapping[str, Sequence[Coming]] = field(default_factory=dict)

    def keys(self) -> frozenset[str]:
        """Every message of it, once."""
        every = (*self.people.values(), *self.groups.values(), *self.chats.values())
        return frozenset(one.key for some in every for one in some)

    def without(self, keys: Collection[str]) -> "Ahead":
        """The same without messages that were let through in the meantime: they are in the counts now."""
        if not keys:
            return self
        return Ahead(_less(self.people, keys), _less(self.groups, keys), _less(self.chats, keys))


def _less(where: Mapping[Place, Sequence[Coming]], keys: Collection[str]) -> dict[Place, list[Coming]]:
    return {place: [one for one in some if one.key not in keys] for place, some in where.items()}


NOTHING_AHEAD = Ahead()


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's answer to one request.

    `customer_ids`: whom it may reach. `blocked`: customer id -> rule code, with 0 for the touch as a whole.
    `noted`: members of a group who alone would not have got it. `retry_at` (UTC): when the rule may let it pass.
    """

    key: str
    allowed: bool
    customer_ids: tuple[int, ...] = ()
    blocked: Mapping[int, str] = field(default_factory=dict)
    noted: Mapping[int, str] = field(default_factory=dict)
    rule_code: str = ""
    reason: str = ""
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """A tenant's settings. Times of day are on the wall of `zone` (IANA)."""

    zone: str
    per_day: int
    per_week: int
    group_per_day: int
    quiet_from: time
    quiet_until: time
    consent_required: bool = False
    value_first: int = 0
    new_days: int = 7


@dataclass(frozen=True, slots=True)
class Person:
    """What the rules need to know of one customer: of the person, with whatever record it became known.

    `known_since` is when the person was first seen; None: long ago.

    `consent` is "granted", "refused" or "". `person_id` names the record that the person is counted under, 0: this
    one. `records`: all records of the person; empty: only this one.
    """

    external_userid: str
    opted_out: bool = False
    consent: str = ""
    last_bought_at: datetime | None = None
    known_since: datetime | None = None
    person_id: int = 0
    records: tuple[int, ...] = ()


@dataclass(slots=True)
class Ledger:
    """What has been used, as locked in the database. `Count` adds to it; the service writes the difference.

    `day`, `week` and `value` (messages of value that stand) go by person: the record that stands for one. Ids missing
    from a quota mapping have no limit known and are refused: nothing is sent on a guess.
    """

    day: dict[int, int] = field(default_factory=dict)
    week: dict[int, int] = field(default_factory=dict)
    group: dict[int, int] = field(default_factory=dict)
    value: dict[int, int] = field(default_factory=dict)
    chat_quota: dict[str, int] = field(default_factory=dict)
    person_quota: dict[str, int] = field(default_factory=dict)


def is_quiet(now: datetime, limits: Limits) -> bool:
    """Whether `now` lies in the quiet hours. Equal bounds mean there are none; the end itself is not quiet."""
    clock, start, end = local(now, limits.zone).time(), limits.quiet_from, limits.quiet_until
    if start <= end:
        return start <= clock < end
    return clock >= start or clock < end


def quiet_ends_at(now: datetime, limits: Limits) -> datetime:
    """The next end of the quiet hours after `now`, UTC."""
    day = local(now, limits.zone).date()
    today = at_local(day, limits.quiet_until, limits.zone)
    return today if today > now else at_local(day + timedelta(days=1), limits.quiet_until, limits.zone)


def morning_of(day: date, limits: Limits) -> datetime:
    """The first moment of a local day that is not quiet, UTC."""
    wraps = limits.quiet_from > limits.quiet_until
    return at_local(day, limits.quiet_until if wraps else time.min, limits.zone)


def week_start(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def retry_at(rule: str, now: datetime, limits: Limits) -> datetime | None:
    """When a rule that depends on time may let the touch pass; None where only a person can change it."""
    day = local(now, limits.zone).date()
    if rule == Rule.QUIET:
        return quiet_ends_at(now, limits)
    if rule in (Rule.GROUP_LIMIT, Rule.QUOTA, Rule.DAY_CAP, Rule.KEPT, Rule.VALUE_FIRST):
        return morning_of(day + timedelta(days=1), limits)
    if rule == Rule.WEEK_CAP:
        return morning_of(week_start(day) + timedelta(days=7), limits)
    return None


def personal_rule(request: TouchRequest, person: Person | None, limits: Limits) -> str:
    """The rule that keeps this person from this touch, whatever has been used; "" when none does."""
    if person is None:
        return Rule.GONE
    if request.is_marketing and not request.is_service:
        if person.opted_out:
            return Rule.OPT_OUT
        if person.consent == "refused" or (limits.consent_required and person.consent != "granted"):
            return Rule.CONSENT
    since, bought_at = request.buyers_since, person.last_bought_at
    if request.excludes_buyers and bought_at is not None and (since is None or bought_at >= since):
        return Rule.BUYER
    return ""


def is_new(person: Person, limits: Limits, now: datetime) -> bool:
    """Whether the person counts as a new member at `now`."""
    return person.known_since is not None and now < person.known_since + timedelta(days=limits.new_days)


def screen(request: TouchRequest, people: Mapping[int, Person], limits: Limits, now: datetime) -> Decision:
    """All rules that need no count. An allowed answer names those who go on to be counted (policies.touch_count)."""
    whole = Rule.ENDED if request.group_ended else Rule.FREEZE if request.group_frozen else ""
    if whole:
        return refusal(request, whole, limits, now)
    named = {}
    for customer_id in request.customer_ids:
        if rule := personal_rule(request, people.get(customer_id), limits):
            named[customer_id] = rule
    if not request.is_service and is_quiet(now, limits):
        return refusal(request, Rule.QUIET, limits, now, named)
    if request.group_id is not None:
        gone = {one: rule for one, rule in named.items() if rule == Rule.GONE}
        if gone:
            return refusal(request, Rule.GONE, limits, now, gone)
        return Decision(request.key, True, request.customer_ids, noted=named)
    left = tuple(one for one in request.customer_ids if one not in named)
    if not left:
        return nobody_left(request, named, limits, now)
    return Decision(request.key, True, left, blocked=named)


def person_of(customer_id: int, people: Mapping[int, Person]) -> int:
    """The record under which a customer's person is counted."""
    person = people.get(customer_id)
    return (person.person_id if person is not None else 0) or customer_id


def nobody_left(request: TouchRequest, blocked: Mapping[int, str], limits: Limits, now: datetime) -> Decision:
    """A private touch that lost everyone: one shared rule is named as the touch's own."""
    rules = set(blocked.values())
    return refusal(request, rules.pop() if len(rules) == 1 else Rule.NOBODY, limits, now, blocked)


def refusal(
    request: TouchRequest,
    rule: str,
    limits: Limits,
    now: datetime,
    persons: Mapping[int, str] | None = None,
) -> Decision:
    """The whole touch is refused; `persons` are those a rule names."""
    return Decision(
        request.key,
        False,
        blocked={**(persons or {}), 0: str(rule)},
        rule_code=str(rule),
        reason=str(Rule(rule).label),
        retry_at=retry_at(rule, now, limits),
    )
