"""What the map of groups shows (R14), and how far members of series and of groups overlap."""

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KeyTextTransform

from groups.enums import LIVE_STATES, Question
from groups.models import Group, Member, ReadinessAnswer
from groups.policies.matrix import Overlap, Spot
from groups.policies.sides import side_of

AUDIENCE_CHARS = 24
PAIRS = 12
# Someone in more places than this (a colleague's private account, a bot) says nothing about audiences, and would
# make the pairs grow with the square of the places.
PLACES_MOST = 40
_TOPICS = {"series": "g.series", "scenario": "g.scenario", "kind": "g.kind", "group": "g.id::text"}
_OVERLAP = """
with present as materialized (
  select distinct m.customer_id, {topic} as topic
  from groups_member m join groups_group g on g.tenant_id = m.tenant_id and g.id = m.group_id
  where m.tenant_id = %s and m.left_at is null and not m.is_staff and m.customer_id is not null
    and g.tenant_id = %s and g.state = any(%s) and g.dismissed_at is null and {topic} <> ''
), several as materialized (
  select customer_id from present group by customer_id having count(*) between 2 and %s
), among as materialized (
  select p.customer_id, p.topic from present p join several s using (customer_id)
), pairs as (
  select a.topic as one, b.topic as two, count(*) as people
  from among a join among b on a.customer_id = b.customer_id and a.topic < b.topic
  group by 1, 2 order by 3 desc, 1, 2 limit %s
), sizes as (
  select topic, count(*) as people from present
  where topic in (select one from pairs union select two from pairs) group by topic
)
select p.one, p.two, p.people, x.people, y.people
from pairs p join sizes x on x.topic = p.one join sizes y on y.topic = p.two
order by p.people desc, p.one, p.two
"""


def matrix_spots(*, tenant_id: int) -> list[Spot]:
    """Every live group, in one query."""
    asked = ReadinessAnswer.objects.filter(
        tenant_id=tenant_id, group_id=OuterRef("pk"), question=Question.POSITIONING
    )
    rows = Group.objects.filter(tenant_id=tenant_id, state__in=LIVE_STATES, dismissed_at=None).annotate(
        audience=Subquery(asked.annotate(said=KeyTextTransform("audience", "answer")).values("said")[:1])
    )
    return [
        Spot(
            pk=row.pk, name=str(row), series=row.series, scenario=row.scenario, kind=row.kind, state=row.state,
            risk=row.risk, customers=row.customer_count, starts_on=row.starts_on, ends_on=row.ends_on,
            side=side_of(kind=row.kind, scenario=row.scenario, own=row.own_side),
            audience=" ".join((row.audience or "").split())[:AUDIENCE_CHARS], is_frozen=row.is_frozen,
        )
        for row in rows.order_by("pk")
    ]  # fmt: skip


def overlaps(*, tenant_id: int, of: str) -> list[Overlap]:
    """The twelve pairs with the most people in both, one statement however many groups and people there are.

    `of`: series, scenario, kind or group (topics are then ids as text). Whoever sits in more than 40 is left out of
    the pairs. Raises KeyError for another word.
    """
    topic = _TOPICS[of]
    with connection.cursor() as cursor:
        cursor.execute(
            _OVERLAP.format(topic=topic), [tenant_id, tenant_id, sorted(LIVE_STATES), PLACES_MOST, PAIRS]
        )
        return [Overlap(*row) for row in cursor.fetchall()]


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
