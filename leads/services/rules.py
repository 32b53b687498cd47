"""The rule versions a tenant's tiers are made by."""

from datetime import datetime

from leads.models import RuleVersion
from leads.policies.rules import BUILT_IN, Rule, rule_parse
from leads.selectors.rules import rule_version_list
from tenants import clock


def rules_current(*, tenant_id: int) -> list[tuple[datetime, Rule]]:
    """All rule versions as (published_at, rule), by number; the last one is in force.

    Stores the built-in rule as the first version when nothing was published yet. Safe for many at once: the number
    is unique, and whoever comes second reads the other's row. One query, three the first time.
    """
    rows = rule_version_list(tenant_id=tenant_id)
    if not rows:
        made = RuleVersion(tenant_id=tenant_id, number=1, rules=BUILT_IN, published_at=clock.now())
        RuleVersion.objects.bulk_create([made], ignore_conflicts=True)
        rows = rule_version_list(tenant_id=tenant_id)
    return [(row.published_at, rule_parse(row.number, row.rules)) for row in rows]
