"""Rule versions: frozen from the settings the first time they are needed, and again when the settings change."""

from datetime import datetime
from typing import Any

from leads.enums import (
    ASSIGNMENTS,
    CLICK_GAP_S,
    LEARNING_BOTH,
    LESSONS,
    PURCHASE_CLICKS,
    RULE_SETTINGS,
    S_KEYWORDS,
    S_NEEDS_CONFIRMATION,
    S_SUGGESTION_HOURS,
    WON_MIN_FEN,
)
from leads.models import RuleVersion
from leads.policies.rules import Rule, rule_data, rule_parse
from leads.selectors.rules import rule_version_list
from tenants import clock, preferences


def _wanted(tenant_id: int) -> dict[str, Any]:
    own = preferences.values(tenant_id, *RULE_SETTINGS)
    return rule_data(
        purchase_clicks=own[PURCHASE_CLICKS.key],
        lessons=own[LESSONS.key],
        assignments=own[ASSIGNMENTS.key],
        learning_both=own[LEARNING_BOTH.key],
        click_gap_s=own[CLICK_GAP_S.key],
        keywords=own[S_KEYWORDS.key],
        s_needs_confirmation=own[S_NEEDS_CONFIRMATION.key],
        suggestion_hours=own[S_SUGGESTION_HOURS.key],
        won_min_fen=own[WON_MIN_FEN.key],
    )


def rules_current(*, tenant_id: int) -> list[tuple[datetime, Rule]]:
    """All rule versions as (published_at, rule), by number; the last one is in force.

    Creates the first version, or the next one when the settings have changed since. Safe for many at once: the
    number is unique, and whoever comes second reads the other's row. Two queries, a third when one is created.
    """
    wanted = _wanted(tenant_id)
    rows = rule_version_list(tenant_id=tenant_id)
    if not rows or rows[-1].rules != wanted:
        number = rows[-1].number + 1 if rows else 1
        made = RuleVersion(tenant_id=tenant_id, number=number, rules=wanted, published_at=clock.now())
        RuleVersion.objects.bulk_create([made], ignore_conflicts=True)
        rows = rule_version_list(tenant_id=tenant_id)
    return [(row.published_at, rule_parse(row.number, row.rules)) for row in rows]
