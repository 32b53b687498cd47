"""One row for each person of a camp, with everything that its figures count.

A figure is the number of people for whom a test holds, and the list behind it is those people: both come from
here, so they cannot differ.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from contacts.selectors.identity import merged_among
from leads.enums import TIERS, LeadState

ACTIVATION_DAYS = 3
ACTIVE_DAYS = 7
FLOW_DAYS = 7
LEFT, WON, UNRANKED = "left", "won", ""
# Of two records of one person the fact that stands first here holds.
_FURTHEST: Mapping[str, Sequence[str]] = {
    "tier": (*TIERS, UNRANKED),
    "before": (*TIERS, UNRANKED),
    "state": (LeadState.WON, LeadState.OPEN, LeadState.NOT_BUYING, LeadState.OPTED_OUT, LeadState.UNRANKED),
}

# Facts in one list, (customer, fact, moment, text), put together by person in Python: the database never joins one
# intermediate list to another, so that a camp without statistics yet is as fast as any.
_PEOPLE = """
select m.customer_id, 'present', null::timestamptz, '' from groups_member m
    join leads_windowmember c
        on c.tenant_id = m.tenant_id and c.customer_id = m.customer_id and c.window_id = %(window)s
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.left_at is null and not m.is_staff
union all
select m.customer_id, 'left', m.left_at, '' from groups_member m
    join leads_windowmember c
        on c.tenant_id = m.tenant_id and c.customer_id = m.customer_id and c.window_id = %(window)s
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.left_at is not null
union all
select b.customer_id, 'key', min(b.occurred_at), '' from contacts_behaviour b
    join leads_windowmember c
        on c.tenant_id = b.tenant_id and c.customer_id = b.customer_id and c.window_id = %(window)s
    where b.tenant_id = %(tenant)s and b.kind = %(key)s and b.occurred_at >= c.joined_at and b.occurred_at <= %(now)s
        and (%(key_object)s = '' or b.object_id = %(key_object)s)
    group by 1
union all
select distinct b.customer_id, 'active', null::timestamptz, '' from contacts_behaviour b
    join leads_windowmember c
        on c.tenant_id = b.tenant_id and c.customer_id = b.customer_id and c.window_id = %(window)s
    where b.tenant_id = %(tenant)s and b.kind = any(%(active_kinds)s)
        and b.occurred_at > %(active_since)s and b.occurred_at <= %(now)s
union all
select o.customer_id, 'bought', min(o.ordered_at), '' from contacts_order o
    join leads_windowmember c
        on c.tenant_id = o.tenant_id and c.customer_id = o.customer_id and c.window_id = %(window)s
    where o.tenant_id = %(tenant)s and o.state = 'paid' and o.ordered_at >= %(starts)s and o.ordered_at < %(until)s
    group by 1
union all
select distinct c.id, 'brought', null::timestamptz, '' from groups_member m
    join contacts_customer c on c.tenant_id = m.tenant_id and c.external_userid = m.invited_by
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.invited_by <> '' and not m.is_staff
        and not m.is_creation_invitee and m.joined_at >= %(starts)s and m.joined_at <= %(now)s
union all
(select distinct on (l.customer_id) l.customer_id, 'before', null::timestamptz, e.data->>'to' from leads_leadevent e
    join leads_lead l on l.id = e.lead_id and l.tenant_id = e.tenant_id and l.window_id = %(window)s
    where e.tenant_id = %(tenant)s and e.kind = 'tier' and e.at <= %(flow_at)s
    order by l.customer_id, e.at desc, e.id desc)
union all
select customer_id, 'tier', null::timestamptz, tier from leads_lead
    where tenant_id = %(tenant)s and window_id = %(window)s
union all
select customer_id, 'state', null::timestamptz, state from leads_lead
    where tenant_id = %(tenant)s and window_id = %(window)s
"""
_MEMBERS = """
select customer_id, in_cohort, joined_at from leads_windowmember
where tenant_id = %(tenant)s and window_id = %(window)s order by customer_id
"""
_HAS_INVITERS = """
select exists (select 1 from groups_member where tenant_id = %s and group_id = any(%s) and invited_by <> '')
"""
ACTIVE_KINDS = [
    "message", "link_click", "purchase_click", "pay_click", "order", "lesson", "assignment", "form", "live",
    "mini_program", "checkin", "draw", "red_packet", "radar", "coupon", "redeem",
]  # fmt: skip


@dataclass(frozen=True)
class Camp:
    """What the figures of a camp need to know of it: its leads window and the run behind it."""

    tenant_id: int
    window_id: int
    run_id: int
    name: str
    starts_at: datetime
    ends_at: datetime
    frozen_at: datetime
    base_rate: float
    group_ids: list[int]
    key_interaction: str
    key_object: str


@dataclass(frozen=True)
class Person:
    """One customer of a camp at the moment asked for."""

    customer_id: int
    in_cohort: bool
    joined_at: datetime
    is_present: bool
    left_at: datetime | None
    key_at: datetime | None
    is_active: bool
    bought_at: datetime | None
    has_referred: bool
    tier_before: str
    tier: str
    state: str

    @property
    def activated(self) -> bool:
        return self.key_at is not None and self.key_at <= self.joined_at + timedelta(days=ACTIVATION_DAYS)

    @property
    def retained(self) -> bool:
        return self.is_active and self.is_present

    @property
    def is_lead(self) -> bool:
        return self.state == "open"


@dataclass(frozen=True)
class People:
    """All people of a camp, and whether WeCom told us who invited anyone."""

    camp: Camp
    at: datetime
    everyone: list[Person]
    knows_inviters: bool

    @property
    def cohort(self) -> list[Person]:
        return [one for one in self.everyone if one.in_cohort]


Test = Callable[[Person], bool]
Told = tuple[datetime | None, str]
Facts = dict[int, dict[str, Told]]

# Figure -> who counts. What a page shows as a number, a link with this key opens as a list.
FIGURES: dict[str, Test] = {
    "cohort": lambda one: one.in_cohort,
    "late_joiners": lambda one: not one.in_cohort,
    "present": lambda one: one.in_cohort and one.is_present,
    "activation.done": lambda one: one.in_cohort and one.activated,
    "activation.growing": lambda one: one.in_cohort and not one.activated and one.is_present,
    "activation.lost": lambda one: one.in_cohort and not one.activated and not one.is_present,
    "retention.done": lambda one: one.in_cohort and one.retained,
    "retention.growing": lambda one: one.in_cohort and not one.retained and one.is_present,
    "retention.lost": lambda one: one.in_cohort and not one.is_present,
    "referral.done": lambda one: one.in_cohort and one.has_referred,
    "referral.growing": lambda one: one.in_cohort and not one.has_referred and one.is_present,
    "referral.lost": lambda one: one.in_cohort and not one.has_referred and not one.is_present,
    "revenue.done": lambda one: one.in_cohort and one.bought_at is not None,
    "revenue.growing": lambda one: one.in_cohort and one.bought_at is None and one.is_lead,
    "revenue.lost": lambda one: one.in_cohort and one.bought_at is None and not one.is_lead,
    "acquisition.done": lambda one: one.in_cohort,
    "revenue.late": lambda one: not one.in_cohort and one.bought_at is not None,
}


def people_of(camp: Camp, *, at: datetime) -> People:
    """Everybody of the camp as of `at`. Four queries, whatever the camp's size."""
    values: dict[str, Any] = {
        "tenant": camp.tenant_id,
        "window": camp.window_id,
        "groups": camp.group_ids,
        "key": camp.key_interaction,
        "key_object": camp.key_object,
        "active_kinds": ACTIVE_KINDS,
        "active_since": at - timedelta(days=ACTIVE_DAYS),
        "flow_at": at - timedelta(days=FLOW_DAYS),
        "starts": camp.starts_at,
        "until": min(camp.ends_at, at),
        "now": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, values)
        members = cursor.fetchall()
        cursor.execute(_PEOPLE, values)
        facts: Facts = defaultdict(dict)
        for customer_id, fact, moment, text in cursor.fetchall():
            known = facts[customer_id].get(fact)
            if known is None or (moment is not None and known[0] is not None and moment > known[0]):
                facts[customer_id][fact] = (moment, text)
        cursor.execute(_HAS_INVITERS, [camp.tenant_id, camp.group_ids])
        knows = bool(cursor.fetchone()[0])
    merged = merged_among(tenant_id=camp.tenant_id)
    told = _by_person(facts, merged)
    everyone = [
        _person(customer_id, in_cohort, joined_at, told.get(customer_id, {}))
        for customer_id, in_cohort, joined_at in _once(members, merged)
    ]
    return People(camp, at, everyone, knows)


def _once(
    members: list[tuple[int, bool, datetime]], merged: Mapping[int, int]
) -> list[tuple[int, bool, datetime]]:
    """Each person once, however many records sit in the camp: since the first of them came."""
    found: dict[int, tuple[int, bool, datetime]] = {}
    for customer_id, in_cohort, joined_at in members:
        who = merged.get(customer_id, customer_id)
        _who, was_in, since = found.get(who, (who, False, joined_at))
        found[who] = (who, in_cohort or was_in, min(joined_at, since))
    return list(found.values())


def _by_person(facts: Facts, merged: Mapping[int, int]) -> Facts:
    """The facts of all records of a person: what was done first, who left last, the tier and state furthest on."""
    told: Facts = defaultdict(dict)
    for customer_id, known in sorted(facts.items()):
        mine = told[merged.get(customer_id, customer_id)]
        for fact, value in known.items():
            mine[fact] = _further(fact, mine[fact], value) if fact in mine else value
    return told


def _further(fact: str, one: Told, other: Told) -> Told:
    if fact in _FURTHEST:
        return min(one, other, key=lambda value: _FURTHEST[fact].index(value[1] or UNRANKED))
    if one[0] is None or other[0] is None:
        return one
    return max(one, other) if fact == "left" else min(one, other)


def _person(
    customer_id: int, in_cohort: bool, joined_at: datetime, facts: Mapping[str, tuple[datetime | None, str]]
) -> Person:
    def moment(name: str) -> datetime | None:
        return facts[name][0] if name in facts else None

    def text(name: str, missing: str) -> str:
        return facts[name][1] if name in facts else missing

    return Person(
        customer_id=customer_id,
        in_cohort=in_cohort,
        joined_at=joined_at,
        is_present="present" in facts,
        left_at=moment("left"),
        key_at=moment("key"),
        is_active="active" in facts,
        bought_at=moment("bought"),
        has_referred="brought" in facts,
        tier_before=text("before", ""),
        tier=text("tier", ""),
        state=text("state", "unranked"),
    )


def flow_row(person: Person, flow_at: datetime) -> str | None:
    """The tier a person had at the start of the flow; None for those who were not in it: bought or left before."""
    bought = person.bought_at is not None and person.bought_at <= flow_at
    left = not person.is_present and person.left_at is not None and person.left_at <= flow_at
    if not person.in_cohort or bought or left or person.joined_at > flow_at:
        return None
    return person.tier_before


def flow_column(person: Person) -> str:
    """Where a person is now: won, left, or a tier."""
    if person.bought_at is not None or person.state == "won":
        return WON
    if not person.is_present:
        return LEFT
    return person.tier


def figure_people(people: People, figure: str) -> list[int] | None:
    """The customer ids behind a figure; None for a figure that does not exist.

    "flow:A:won" is a cell of the tier flow, "flow:A:" its row.
    """
    if figure.startswith("flow:"):
        _, row, column = figure.split(":", 2)
        flow_at = people.at - timedelta(days=FLOW_DAYS)
        return [
            one.customer_id
            for one in people.everyone
            if flow_row(one, flow_at) == (row if row != "-" else UNRANKED)
            and (column == "*" or flow_column(one) == (column if column != "-" else UNRANKED))
        ]
    test = FIGURES.get(figure)
    return None if test is None else [one.customer_id for one in people.everyone if test(one)]
