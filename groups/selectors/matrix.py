"""What the map of groups shows (R14), and how far members of series and of groups overlap."""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from groups.enums import LIVE_STATES, SHORT_DAYS, Question
from groups.models import Group, Member, ReadinessAnswer
from groups.policies.matrix import Overlap, Spot, term_of
from groups.policies.sides import side_of
from tenants import preferences

AUDIENCE_CHARS = 24
PAIRS = 12
# Someone in more places than this (a colleague's private account, a bot) says nothing about audiences, and would
# make the pairs grow with the square of the places.
PLACES_MOST = 40
_TOPICS = {"series": "g.series", "scenario": "g.scenario", "kind": "g.kind", "group": "g.id::text"}
# Who sits in one group only is in no pair: the index tells that of everybody, and only the others are looked at. A
# topic's size is then its seats without those that somebody holds beside another seat in it.
_OVERLAP = """
with live as materialized (
  select g.id, t.word, t.topic from groups_group g cross join lateral (values {topics}) t(word, topic)
  where g.tenant_id = %(tenant)s and g.state = any(%(states)s) and g.dismissed_at is null and t.topic <> ''
), seats as materialized (
  select customer_id, unnest(array_agg(group_id)) as group_id from groups_member
  where tenant_id = %(tenant)s and left_at is null and not is_staff and customer_id is not null
  group by customer_id having count(*) > 1
), present as materialized (
  select s.customer_id, l.word, l.topic, count(*) as seats
  from seats s join live l on l.id = s.group_id group by 1, 2, 3
), several as materialized (
  select customer_id, word from present group by 1, 2 having count(*) between 2 and %(most)s
), among as materialized (
  select p.customer_id, p.word, p.topic from present p join several using (customer_id, word)
), ranked as (
  select *, row_number() over (partition by word order by people desc, one, two) as place from (
    select a.word, a.topic as one, b.topic as two, count(*) as people
    from among a join among b on a.customer_id = b.customer_id and a.word = b.word and a.topic < b.topic
    group by 1, 2, 3
  ) paired
), pairs as materialized (
  select word, one, two, people from ranked where place <= %(pairs)s
), named as (
  select word, one as topic from pairs union select word, two from pairs
), sizes as materialized (
  select l.word, l.topic, count(*) - coalesce((
    select sum(p.seats - 1) from present p where p.word = l.word and p.topic = l.topic
  ), 0)::bigint as people
  from named join live l using (word, topic) join groups_member m on m.tenant_id = %(tenant)s and m.group_id = l.id
  where m.left_at is null and not m.is_staff and m.customer_id is not null group by 1, 2
)
select p.word, p.one, p.two, p.people, x.people, y.people
from pairs p join sizes x on x.word = p.word and x.topic = p.one join sizes y on y.word = p.word and y.topic = p.two
order by p.people desc, p.one, p.two
"""


def matrix_spots(*, tenant_id: int) -> list[Spot]:
    """Every live group, in one query beside the company's settings."""
    short_days = preferences.value(tenant_id, SHORT_DAYS)
    asked = ReadinessAnswer.objects.filter(
        tenant_id=tenant_id, group_id=OuterRef("pk"), question=Question.POSITIONING
    )
    rows = Group.objects.filter(tenant_id=tenant_id, state__in=LIVE_STATES, dismissed_at=None).annotate(
        audience=Subquery(asked.annotate(said=KeyTextTransform("audience", "answer")).values("said")[:1])
    )
    shown = rows.only(
        "name", "planned_name", "series", "scenario", "kind", "state", "risk", "customer_count", "starts_on", "ends_on",
        "own_side", "frozen_at", "chat_id", "payment_basis", "synced_at", "staff_count",
    )  # fmt: skip
    return [
        Spot(
            pk=row.pk, name=str(row), series=row.series, scenario=row.scenario, kind=row.kind, state=row.state,
            risk=row.risk, customers=row.customer_count,
            term=term_of(kind=row.kind, starts_on=row.starts_on, ends_on=row.ends_on, short_days=short_days),
            side=side_of(kind=row.kind, scenario=row.scenario, own=row.own_side),
            audience=" ".join((row.audience or "").split())[:AUDIENCE_CHARS], is_frozen=row.is_frozen,
            payment=row.payment_basis, knows_members=row.knows_members,
        )
        for row in shown.order_by("pk")
    ]  # fmt: skip


def overlaps(*, tenant_id: int, of: Sequence[str]) -> dict[str, list[Overlap]]:
    """{word of `of`: its twelve pairs with the most people in both}, one statement however many people there are.

    Words: series, scenario, kind or group (topics are then ids as text). Whoever sits in more than 40 places is left
    out of the pairs. Raises KeyError for another word.
    """
    topics = ", ".join(f"('{word}', {_TOPICS[word]}::text)" for word in of)
    found: dict[str, list[Overlap]] = {word: [] for word in of}
    values: dict[str, Any] = {
        "tenant": tenant_id,
        "states": sorted(LIVE_STATES),
        "most": PLACES_MOST,
        "pairs": PAIRS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OVERLAP.format(topics=topics), values)
        for word, *pair in cursor.fetchall():
            found[word].append(Overlap(*pair))
    return found


def _in_topic(tenant_id: int, of: str, topic: str) -> QuerySet:
    """Ids of the customers who sit in a live group of this topic."""
    rows = Member.objects.filter(
        tenant_id=tenant_id,
        left_at=None,
        is_staff=False,
        customer_id__isnull=False,
        group__state__in=LIVE_STATES,
        group__dismissed_at=None,
    )
    field = "group_id" if of == "group" else f"group__{of}"
    return rows.filter(**{field: topic}).values("customer_id")


def people_in_both(*, tenant_id: int, of: str, first: str, second: str) -> tuple[QuerySet, QuerySet]:
    """Two queries of customer ids: who sits in the one, who in the other; the people of an overlap are in both.

    Raises KeyError for a word that `overlaps` does not take, ValueError for a group that is no number.
    """
    _TOPICS[of]
    if of == "group" and not (first.isdecimal() and second.isdecimal()):
        raise ValueError("groups are named by their ids")
    return _in_topic(tenant_id, of, first), _in_topic(tenant_id, of, second)
