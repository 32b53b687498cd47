"""The stored rule versions."""

from datetime import datetime

from leads.models import RuleDraft, RuleReport, RuleVersion
from leads.policies.rules import BUILT_IN, Rule, rule_parse
from tenants import clock


def rule_version_list(*, tenant_id: int) -> list[RuleVersion]:
    """All versions of a tenant, oldest first. One query."""
    return list(RuleVersion.objects.filter(tenant_id=tenant_id).order_by("number"))


def words_listened(*, tenant_id: int) -> set[str]:
    """Every word that any published rule listens for in messages. One query."""
    return {
        word for _since, rule in rules_stored(tenant_id=tenant_id, now=clock.now()) for word in rule.keywords
    }


def rules_stored(*, tenant_id: int, now: datetime) -> list[tuple[datetime, Rule]]:
    """(published_at, rule) by number; before any was needed, the built-in one."""
    rows = rule_version_list(tenant_id=tenant_id)
    if not rows:
        return [(now, rule_parse(1, BUILT_IN))]
    return [(row.published_at, rule_parse(row.number, row.rules)) for row in rows]


def rule_draft_of(*, tenant_id: int) -> RuleDraft | None:
    """The draft that somebody works on, if any. One query."""
    return RuleDraft.objects.filter(tenant_id=tenant_id).first()


def rule_report_of(*, tenant_id: int, has_people: bool = False) -> RuleReport | None:
    """What was counted last, without the people behind it unless asked for. One query."""
    rows = RuleReport.objects.filter(tenant_id=tenant_id)
    return (rows if has_people else rows.defer("people")).first()
