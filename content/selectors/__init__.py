"""Reads of content."""

from collections.abc import Iterable

from django.db.models import QuerySet

from contacts.selectors.questions import Answer
from content.models import RadarLink, Script, ScriptMiss
from content.policies.radar import token_tenant
from content.policies.search import Entry, rank
from tenants.models import Tenant

ANSWERS = 3  # scripts shown beside a question
SEARCHED = 3000  # scripts that one search reads, the most used first


def radar_tenant(token: str) -> Tenant | None:
    """The tenant whose link a token may be; None for nonsense, unknown and suspended tenants. No scope needed."""
    tenant_id = token_tenant(token)
    if tenant_id is None or tenant_id >= 2**63:
        return None
    return Tenant.objects.filter(pk=tenant_id, suspended_at=None).first()


def radar_link(*, tenant: Tenant, token: str) -> RadarLink | None:
    """The link behind a token, or None. Needs the tenant's scope."""
    return RadarLink.objects.filter(tenant=tenant, token=token).first()


def script_list(*, tenant_id: int) -> QuerySet[Script]:
    """Scripts in use and archived ones, the most used first."""
    return Script.objects.filter(tenant_id=tenant_id).order_by("-uses", "title", "pk")


def script_get(*, tenant_id: int, script_id: int) -> Script:
    """Raises Script.DoesNotExist, also for another tenant's id."""
    return Script.objects.get(tenant_id=tenant_id, pk=script_id)


def script_search(*, tenant_id: int, question: str, kind: str = "", limit: int = 8) -> list[Script]:
    """Scripts in use that answer a question, best first; without one the most used. Two queries."""
    found = script_list(tenant_id=tenant_id).filter(archived_at=None)
    if kind:
        found = found.filter(kind=kind)
    fields = found.values_list("pk", "title", "keywords", "text", "uses")[:SEARCHED]
    wanted = rank(question, [Entry(*row) for row in fields])[:limit]
    rows = script_by_ids(tenant_id=tenant_id, script_ids=wanted)
    return [rows[pk] for pk in wanted if pk in rows]


def answers_for(*, tenant_id: int, question: str) -> list[Answer]:
    """The scripts that answer a question best, as contacts shows them beside it. Two queries."""
    found = script_search(tenant_id=tenant_id, question=question, limit=ANSWERS)
    return [Answer(one.title, one.text) for one in found]


def script_by_ids(*, tenant_id: int, script_ids: Iterable[int]) -> dict[int, Script]:
    """{id: script}; foreign and unknown ids are absent."""
    return Script.objects.filter(tenant_id=tenant_id).in_bulk(list(script_ids))


def miss_list(*, tenant_id: int) -> QuerySet[ScriptMiss]:
    """Questions without a script, those asked most often first."""
    return ScriptMiss.objects.filter(tenant_id=tenant_id).order_by("-times", "-asked_at", "pk")


def miss_words(*, tenant_id: int, miss_id: int) -> str:
    """The question of one entry, or an empty string."""
    row = ScriptMiss.objects.filter(tenant_id=tenant_id, pk=miss_id).first()
    return row.words if row else ""
