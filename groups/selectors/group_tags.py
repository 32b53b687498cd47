"""Reads of group tags: the tag manager, one group's tags with their evidence, groups by tag (R27)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groups.enums import Kind, PaymentBasis, Purpose, Risk, Scenario, State
from groups.models import Group, GroupTag, GroupTagPast, GroupTagRule, GroupTagTie
from groups.policies import group_tags as rules

FACT_NAMES: dict[str, Any] = {
    rules.SIZE: gettext_lazy("Customers in it"),
    rules.FILL: gettext_lazy("Seats taken, percent of the target"),
    rules.STAFF: gettext_lazy("Staff in it"),
    rules.CUSTOMER_SHARE: gettext_lazy("Customers among its members, percent"),
    rules.AGE: gettext_lazy("Days since it went live"),
    rules.LEFT: gettext_lazy("Days until it ends"),
    rules.SILENT: gettext_lazy("Days without a customer's message"),
    rules.ACTIVE: gettext_lazy("Active customers of 7 days, percent"),
    rules.BUYERS: gettext_lazy("Buyers among its customers, percent"),
    rules.KIND: gettext_lazy("Type"),
    rules.STATE: gettext_lazy("Stage"),
    rules.SCENARIO: gettext_lazy("Scenario"),
    rules.PURPOSE: gettext_lazy("Purpose"),
    rules.PAYMENT: gettext_lazy("Payment"),
    rules.HEALTH: gettext_lazy("Health"),
    rules.FROZEN: gettext_lazy("Sends frozen"),
    rules.SERIES: gettext_lazy("Series"),
}
WORD_NAMES: dict[str, dict[str, Any]] = {
    rules.KIND: dict(Kind.choices),
    rules.STATE: dict(State.choices),
    rules.SCENARIO: dict(Scenario.choices),
    rules.PURPOSE: dict(Purpose.choices),
    rules.PAYMENT: dict(PaymentBasis.choices),
    rules.HEALTH: {str(one.value): one.label for one in Risk},
    rules.FROZEN: {"yes": gettext_lazy("Yes"), "no": gettext_lazy("No")},
}


def group_tag_list(*, tenant_id: int, archived: bool = False) -> QuerySet[GroupTag]:
    """Tags in use (or put away), by name, each with `group_count`: groups that carry it, each once."""
    return _counted(tenant_id).filter(archived_at__isnull=not archived).order_by("name", "pk")


def _counted(tenant_id: int) -> QuerySet[GroupTag]:
    return GroupTag.objects.filter(tenant_id=tenant_id).annotate(
        group_count=Count("ties__group", distinct=True),
        has_rule=Exists(
            GroupTagRule.objects.filter(tenant_id=tenant_id, tag_id=OuterRef("pk"), is_active=True)
        ),
    )


def group_tag_get(*, tenant_id: int, tag_id: int) -> GroupTag:
    """Raises GroupTag.DoesNotExist, also for another tenant's id."""
    return _counted(tenant_id).get(pk=tag_id)


def group_tag_choices(*, tenant_id: int) -> list[tuple[str, str]]:
    """(id, name) of the tags in use, by name: what a filter and a form offer. One query."""
    rows = GroupTag.objects.filter(tenant_id=tenant_id, archived_at=None).order_by("name", "pk")
    return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]


def groups_tagged(*, tenant_id: int, tag_ids: Iterable[int]) -> QuerySet:
    """Ids of the groups that carry any of these tags, for a filter. Tags put away select nothing."""
    rows = GroupTagTie.objects.filter(tenant_id=tenant_id, tag_id__in=list(tag_ids), tag__archived_at=None)
    return rows.values("group_id")


def with_tags(rows: QuerySet[Group]) -> QuerySet[Group]:
    """The groups, each with `tags_now`: [{"pk", "name"}] by name, each once. No further query."""
    tags = (
        GroupTag.objects.filter(
            tenant_id=OuterRef("tenant_id"), archived_at=None, ties__group_id=OuterRef("pk")
        )
        .order_by("name", "pk")
        .distinct()
        .values(one=JSONObject(pk="pk", name="name"))
    )
    return rows.annotate(tags_now=ArraySubquery(tags))


def tags_by_group(*, tenant_id: int, group_ids: Iterable[int]) -> dict[int, list[GroupTag]]:
    """{group id: its tags by name, each once}; absent without one. One query."""
    rows = GroupTagTie.objects.filter(
        tenant_id=tenant_id, group_id__in=list(group_ids), tag__archived_at=None
    ).select_related("tag")
    found: dict[int, dict[int, GroupTag]] = {}
    for row in rows.order_by("tag__name", "tag_id"):
        found.setdefault(row.group_id, {})[row.tag_id] = row.tag
    return {group_id: list(tags.values()) for group_id, tags in found.items()}


def group_ties(*, tenant_id: int, group_id: int) -> list[GroupTagTie]:
    """What one group carries now, by name: by hand and by rule apart."""
    rows = GroupTagTie.objects.filter(tenant_id=tenant_id, group_id=group_id, tag__archived_at=None)
    return list(rows.select_related("tag").order_by("tag__name", "source"))


def group_tags_past(*, tenant_id: int, group_id: int, limit: int) -> list[GroupTagPast]:
    """What one group carried before, the latest first."""
    rows = GroupTagPast.objects.filter(tenant_id=tenant_id, group_id=group_id)
    return list(rows.select_related("tag").order_by("-ended_at", "-pk")[:limit])


def group_tag_spans(
    *, tenant_id: int, tag_id: int, group_ids: Iterable[int]
) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """{group id: when the tag came and went, None while it stands}, each tie apart. Two queries."""
    found: dict[int, list[tuple[datetime, datetime | None]]] = {}
    wanted = {"tenant_id": tenant_id, "tag_id": tag_id, "group_id__in": set(group_ids)}
    for group_id, at in GroupTagTie.objects.filter(**wanted).values_list("group_id", "added_at"):
        found.setdefault(group_id, []).append((at, None))
    past = GroupTagPast.objects.filter(**wanted)
    for group_id, at, until in past.values_list("group_id", "added_at", "ended_at"):
        found.setdefault(group_id, []).append((at, until))
    return found


def group_rules_of(*, tenant_id: int, tag_ids: Iterable[int]) -> dict[int, GroupTagRule]:
    """{tag id: its rule}, ended ones too."""
    rows = GroupTagRule.objects.filter(tenant_id=tenant_id, tag_id__in=set(tag_ids))
    return {row.tag_id: row for row in rows}


def groups_to_try(*, tenant_id: int) -> QuerySet[Group]:
    """The groups that a rule is tried on and run over: all that are not dissolved, by id."""
    return Group.objects.filter(tenant_id=tenant_id, dismissed_at=None).order_by("pk")


def fact_choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """What a rule can compare, as a select shows it: figures, then words."""
    words = [*rules.WORDS, rules.SERIES]
    return [
        (_("Figures"), [(key, FACT_NAMES[key]) for key in rules.NUMBERS]),
        (_("What it is"), [(key, FACT_NAMES[key]) for key in words]),
    ]


def value_words(fact: str, value: Any) -> str:
    """A value of a fact as people read it; – for what nobody knows."""
    if value is None:
        return "–"
    return str(WORD_NAMES.get(fact, {}).get(str(value), value))


def group_condition_words(one: Mapping[str, Any]) -> str:
    """One stored condition as a person says it: Customers in it: at least 150."""
    said = {rules.AT_LEAST: _("at least %(value)s"), rules.AT_MOST: _("at most %(value)s")}.get(
        one["op"], "%(value)s"
    )
    name = FACT_NAMES.get(one["fact"], one["fact"])
    return f"{name}: {said % {'value': value_words(one['fact'], one['value'])}}"


def group_rule_words(rule: GroupTagRule) -> str:
    """The conditions of a rule in one sentence."""
    glue = _(" and ") if rule.needs_all else _(" or ")
    return glue.join(group_condition_words(one) for one in rule.conditions)


def group_evidence_words(evidence: Mapping[str, Any]) -> list[str]:
    """What was seen when a rule gave the tag; empty for one by hand."""
    return [
        _("%(condition)s; seen %(seen)s")
        % {"condition": group_condition_words(one), "seen": value_words(one["fact"], one["seen"])}
        for one in evidence.get("found", [])
    ]
