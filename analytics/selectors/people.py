"""One row for each person of a camp, with everything that its figures count.

A figure is the number of people for whom a test holds, and the list behind it is those people: both come from
here, so they cannot differ.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

ACTIVATION_DAYS = 3
ACTIVE_DAYS = 7
FLOW_DAYS = 7
LEFT, WON, UNRANKED = "left", "won", ""

_PEOPLE = """
with cohort as (
    select customer_id, joined_at, in_cohort from leads_windowmember
    where tenant_id = %(tenant)s and window_id = %(window)s
),
present as (
    select distinct m.customer_id from groups_member m join cohort using (customer_id)
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.left_at is null and not m.is_staff
),
gone as (
    select m.customer_id, max(m.left_at) as left_at from groups_member m join cohort using (customer_id)
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.left_at is not null group by 1
),
keyed as (
    select c.customer_id, min(b.occurred_at) as first_at from cohort c
    join contacts_behaviour b on b.tenant_id = %(tenant)s and b.customer_id = c.customer_id
        and b.kind = %(key)s and b.occurred_at >= c.joined_at and b.occurred_at <= %(now)s
        and (%(key_object)s = '' or b.object_id = %(key_object)s)
    group by 1
),
active as (
    select distinct b.customer_id from contacts_behaviour b join cohort using (customer_id)
    where b.tenant_id = %(tenant)s and b.kind = any(%(active_kinds)s)
        and b.occurred_at > %(active_since)s and b.occurred_at <= %(now)s
),
bought as (
    select o.customer_id, min(o.ordered_at) as at from contacts_order o join cohort using (customer_id)
    where o.tenant_id = %(tenant)s and o.state = 'paid' and o.ordered_at >= %(starts)s and o.ordered_at < %(until)s
    group by 1
),
brought as (
    select c.id as customer_id from groups_member m
    join contacts_customer c on c.tenant_id = %(tenant)s and c.external_userid = m.invited_by
    where m.tenant_id = %(tenant)s and m.group_id = any(%(groups)s) and m.invited_by <> '' and not m.is_staff
        and not m.is_creation_invitee and m.joined_at >= %(starts)s and m.joined_at <= %(now)s
    group by 1
),
before as (
    select distinct on (l.customer_id) l.customer_id, e.data->>'to' as tier from leads_leadevent e
    join leads_lead l on l.id = e.lead_id and l.tenant_id = %(tenant)s and l.window_id = %(window)s
    where e.tenant_id = %(tenant)s and e.kind = 'tier' and e.at <= %(flow_at)s
    order by l.customer_id, e.at desc, e.id desc
)
select c.customer_id, c.in_cohort, c.joined_at, present.customer_id is not null, gone.left_at, keyed.first_at,
    active.customer_id is not null, bought.at, brought.customer_id is not null, coalesce(before.tier, ''),
    coalesce(l.tier, ''), coalesce(l.state, 'unranked')
from cohort c
left join present using (customer_id) left join gone using (customer_id) left join keyed using (customer_id)
left join active using (customer_id) left join bought using (customer_id) left join brought using (customer_id)
left join before using (customer_id)
left join leads_lead l on l.tenant_id = %(tenant)s and l.window_id = %(window)s and l.customer_id = c.customer_id
order by c.customer_id
"""
_HAS_INVITERS = """
select exists (select 1 from groups_member where tenant_id = %s and group_id = any(%s) and invited_by <> '')
"""
ACTIVE_KINDS = [
    "message", "link_click", "purchase_click", "pay_click", "order", "lesson", "assignment", "form", "live",
    "mini_program", "checkin", "draw", "red_packet", "radar", "coupon",
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
    """Everybody of the camp as of `at`. Two queries, whatever the camp's size."""
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
        cursor.execute(_PEOPLE, values)
        everyone = [Person(*row) for row in cursor.fetchall()]
        cursor.execute(_HAS_INVITERS, [camp.tenant_id, camp.group_ids])
        knows = bool(cursor.fetchone()[0])
    return People(camp, at, everyone, knows)


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
