"""The topic bank and how its topics did: distinct customers who answer within the hours that count (R65)."""

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q, QuerySet

from sop.enums import TOPIC_ANSWER_HOURS
from sop.models import Topic, TopicOpener
from sop.policies.topics import TopicResult
from team.selectors import staff_by_id
from tenants import clock, preferences
from wecom.archive.selectors import coverage

if TYPE_CHECKING:
    from team.models import Staff
    from tenants.models import Tenant

_FILE = Path(__file__).resolve().parent.parent / "topics.toml"
SHOWN = 12
# One row a use: the customers who wrote in the group between the send and the end of its hours, each once. The moments
# are columns before they are compared: row-level security lets no expression like coalesce() into an index's condition.
_USES = """
with uses as materialized (
    select u.topic_id, t.tenant_id, t.group_id, t.recipients_count, t.state, coalesce(t.done_at, t.handed_at) as sent,
        coalesce(t.done_at, t.handed_at) + make_interval(hours => %(hours)s) as until
    from sop_topicuse u join sop_touch t on t.id = u.touch_id and t.tenant_id = u.tenant_id
    where u.tenant_id = %(tenant)s and u.topic_id = any(%(topics)s)
)
select topic_id, group_id, recipients_count, until <= %(now)s and state in ('submitted', 'confirmed'),
    state in ('submitted', 'confirmed', 'planned', 'claimed', 'handed', 'parked'),
    (select count(distinct b.customer_id) from contacts_behaviour b
        where b.tenant_id = uses.tenant_id and b.group_id = uses.group_id and b.kind = 'message'
            and b.customer_id is not null and b.occurred_at >= uses.sent and b.occurred_at < uses.until)
from uses
"""


@dataclass(frozen=True)
class Ranked:
    """One topic with what came of it. `is_marked`: its opener is an atmosphere account."""

    topic: Topic
    result: TopicResult
    is_marked: bool


@dataclass(frozen=True)
class BuiltinTopic:
    """One of ours. `group_kind` "" fits any group."""

    code: str
    title: str
    text: str
    group_kind: str


@cache
def builtin_topics() -> list[BuiltinTopic]:
    """The topics that come with the product, by type of group."""
    data = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return [
        BuiltinTopic(code=f"{kind}-{number:02d}", title=one["title"], text=one["text"].strip(), group_kind=kind)
        for kind, some in data.items()
        for number, one in enumerate(some, 1)
    ]  # fmt: skip


def topics_untaken(*, tenant_id: int) -> list[BuiltinTopic]:
    """Those that come with the product and were never taken in: one that was put away since is no news. One query."""
    rows = Topic.objects.filter(tenant_id=tenant_id).exclude(builtin="")
    known = set(rows.values_list("builtin", flat=True))
    return [one for one in builtin_topics() if one.code not in known]


def topic_list(*, tenant_id: int) -> QuerySet[Topic]:
    """Topics in use, by title."""
    return (
        Topic.objects.filter(tenant_id=tenant_id, archived_at=None)
        .select_related("opener")
        .order_by("title", "pk")
    )


def topic_get(*, tenant_id: int, topic_id: int) -> Topic | None:
    """One topic, or None for a stranger's."""
    return Topic.objects.select_related("opener").filter(tenant_id=tenant_id, pk=topic_id).first()


def topics_ranked(
    *, tenant: "Tenant", kind: str = "", words: str = "", limit: int | None = None
) -> list[Ranked]:
    """Topics that fit groups of a type ("": all), the best first; those never used last. Four queries."""
    rows = topic_list(tenant_id=tenant.pk)
    if kind:
        rows = rows.filter(group_kind__in={kind, ""})
    if words:
        rows = rows.filter(Q(title__icontains=words) | Q(text__icontains=words))
    every = list(rows)
    results = results_of(tenant=tenant, topic_ids=[one.pk for one in every])
    marked = openers_marked(tenant_id=tenant.pk)
    made = [Ranked(one, results.get(one.pk, TopicResult()), one.opener_id in marked) for one in every]
    made.sort(key=lambda one: (-one.result.rank, -one.result.uses, not one.topic.group_kind, one.topic.title))
    return made[:limit]


def topics_for(*, tenant: "Tenant", kind: str, words: str) -> list[Ranked]:
    """What the rail of the weekly table offers."""
    return topics_ranked(tenant=tenant, kind=kind, words=words, limit=SHOWN)


def results_of(*, tenant: "Tenant", topic_ids: list[int]) -> dict[int, TopicResult]:
    """{topic id: what came of it}; topics never used are left out. Three queries."""
    if not topic_ids:
        return {}
    sees = coverage(tenant_id=tenant.pk).sees_messages
    hours = preferences.value(tenant.pk, TOPIC_ANSWER_HOURS)
    with connection.cursor() as cursor:
        cursor.execute(_USES, {"tenant": tenant.pk, "topics": topic_ids, "now": clock.now(), "hours": hours})
        rows = cursor.fetchall()
    by_topic: dict[int, list[Any]] = {}
    for topic_id, *rest in rows:
        by_topic.setdefault(topic_id, []).append(rest)
    return {topic_id: _result(some, sees) for topic_id, some in by_topic.items()}


def _result(rows: list[Any], sees: bool) -> TopicResult:
    over = [row for row in rows if row[2]]
    return TopicResult(
        uses=len(over),
        groups=len({row[0] for row in over}),
        asked=sum(row[1] for row in over),
        answered=sum(row[4] for row in over) if sees and over else None,
        waiting=sum(1 for row in rows if not row[2] and row[3]),
    )


def openers_marked(*, tenant_id: int) -> set[int]:
    """Staff who are atmosphere accounts."""
    return set(TopicOpener.objects.filter(tenant_id=tenant_id).values_list("staff_id", flat=True))


def openers(*, tenant_id: int) -> "list[Staff]":
    """Atmosphere accounts still in the company, by name."""
    found = staff_by_id(tenant_id=tenant_id, staff_ids=openers_marked(tenant_id=tenant_id))
    return sorted((one for one in found.values() if one.is_active), key=str)


def uses_of(*, tenant: "Tenant", topic_id: int) -> list[dict[str, Any]]:
    """Where a topic was used, latest first: group, when, who, state, answering customers. Three queries."""
    from_rows = Topic.objects.get(tenant=tenant, pk=topic_id).uses.select_related(
        "touch__group", "touch__staff", "touch__run"
    )
    hours = timedelta(hours=preferences.value(tenant.pk, TOPIC_ANSWER_HOURS))
    now = clock.now()
    return [
        {
            "touch": use.touch,
            "is_counting": use.touch.done_at is None or use.touch.done_at + hours > now,
        }
        for use in from_rows.order_by("-touch__planned_at")[:50]
    ]
