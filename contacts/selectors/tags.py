"""Reads of the tag manager: tags with their rule and people, one person's tags with their evidence."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts.enums import AddWay, BehaviourKind, SkuKind
from contacts.models import CustomerTag, Tag, TagBatch, TagGroup, TagPast, TagRule
from contacts.policies.tag_rules import (
    BOUGHT,
    CHANNEL,
    DID,
    ORDERED,
    SILENT,
    SPENT,
    STAGE,
    STATED,
    TIER,
    WAY,
    Condition,
)
from contacts.selectors.channels import channel_list
from contacts.selectors.facts import circle_choices
from tenants import clock

BATCH_STUCK = timedelta(minutes=2)
TIERS = ("S", "A+", "A", "B")
NAMES = {
    SILENT: gettext_lazy("Days silent"),
    BOUGHT: gettext_lazy("Paid orders"),
    SPENT: gettext_lazy("Yuan spent, refunds taken off"),
    STAGE: gettext_lazy("Trust stage"),
}


def tags_managed(*, tenant_id: int, archived: bool = False) -> QuerySet[Tag]:
    """Tags in use (or put away), by group and name."""
    rows = Tag.objects.filter(tenant_id=tenant_id, deleted_at__isnull=not archived)
    return rows.select_related("group").order_by(Coalesce("group__sort", 0), "group__name", "name", "pk")


def tag_get(*, tenant_id: int, tag_id: int) -> Tag:
    """Raises Tag.DoesNotExist, also for another tenant's id."""
    return Tag.objects.select_related("group").get(tenant_id=tenant_id, pk=tag_id)


def own_group_names(*, tenant_id: int) -> list[str]:
    """Names of our own tag groups in use."""
    rows = TagGroup.objects.filter(tenant_id=tenant_id, app=None, deleted_at=None)
    return list(rows.order_by("name").values_list("name", flat=True))


def tag_people(*, tenant_id: int, tag_ids: Iterable[int]) -> dict[int, int]:
    """{tag id: people who carry it, each once}; absent means nobody."""
    rows = CustomerTag.objects.filter(tenant_id=tenant_id, tag_id__in=set(tag_ids))
    counted = rows.values("tag_id").annotate(people=Count("customer_id", distinct=True))
    return {row["tag_id"]: row["people"] for row in counted}


def rules_of(*, tenant_id: int, tag_ids: Iterable[int]) -> dict[int, TagRule]:
    """{tag id: its rule}, ended ones too."""
    rows = TagRule.objects.filter(tenant_id=tenant_id, tag_id__in=set(tag_ids))
    return {row.tag_id: row for row in rows}


def tag_ids_with_rule(*, tenant_id: int) -> list[int]:
    """Tags that a rule in force gives."""
    return list(TagRule.objects.filter(tenant_id=tenant_id, is_active=True).values_list("tag_id", flat=True))


def customer_ties(*, tenant_id: int, customer_ids: Iterable[int]) -> list[CustomerTag]:
    """What one person's records carry now, by name; tags put away among them."""
    rows = CustomerTag.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    return list(rows.select_related("tag", "staff").order_by("tag__name", "pk"))


def tags_carried(*, tenant_id: int, customer_ids: Iterable[int]) -> dict[int, set[int]]:
    """{customer id: ids of the tags carried now}; absent without one. One query."""
    rows = CustomerTag.objects.filter(
        tenant_id=tenant_id, customer_id__in=set(customer_ids), tag__deleted_at=None
    )
    found: dict[int, set[int]] = {}
    for customer_id, tag_id in rows.values_list("customer_id", "tag_id"):
        found.setdefault(customer_id, set()).add(tag_id)
    return found


def tag_spans(
    *, tenant_id: int, tag_id: int, customer_ids: Iterable[int]
) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """{customer id: when the tag came and went, None while it stands}, each tie apart. Two queries."""
    found: dict[int, list[tuple[datetime, datetime | None]]] = {}
    wanted = {"tenant_id": tenant_id, "tag_id": tag_id, "customer_id__in": set(customer_ids)}
    for customer_id, at in CustomerTag.objects.filter(**wanted).values_list("customer_id", "added_at"):
        found.setdefault(customer_id, []).append((at, None))
    past = TagPast.objects.filter(**wanted)
    for customer_id, at, until in past.values_list("customer_id", "added_at", "ended_at"):
        found.setdefault(customer_id, []).append((at, until))
    return found


def tags_past(*, tenant_id: int, customer_ids: Iterable[int], limit: int) -> list[TagPast]:
    """What one person's records carried before, the latest first."""
    rows = TagPast.objects.filter(tenant_id=tenant_id, customer_id__in=list(customer_ids))
    return list(rows.select_related("tag", "staff").order_by("-ended_at", "-pk")[:limit])


def tag_batches_recent(*, tenant_id: int, limit: int) -> list[TagBatch]:
    """The latest tags put on or taken off many at once, without the people."""
    rows = TagBatch.objects.filter(tenant_id=tenant_id).defer("person_ids").select_related("tag")
    return list(rows.order_by("-asked_at", "-pk")[:limit])


def tag_batches_stuck() -> list[tuple[int, int]]:
    """(tenant id, batch id) of those whose work stopped halfway. Across tenants: call inside unscoped()."""
    late = clock.now() - BATCH_STUCK
    rows = TagBatch.objects.filter(
        Q(done_at=None, asked_at__lt=late) | Q(undone_at=None, undo_at__isnull=False, undo_at__lt=late)
    )
    return list(rows.order_by("pk").values_list("tenant_id", "pk"))


def fact_choices(*, tenant_id: int) -> list[tuple[Any, list[tuple[str, Any]]]]:
    """What a rule can count, in groups as a select shows them. Channels put away too: a rule may stand on one."""
    every = channel_list(tenant_id=tenant_id, archived=None)
    channels, circles = [(f"{CHANNEL}{one.pk}", one.name) for one in every], circle_choices()
    return [
        (_("What the person did"), [(f"{DID}{key}", label) for key, label in BehaviourKind.choices]),
        (_("Silence and purchases"), [(key, NAMES[key]) for key in (SILENT, BOUGHT, SPENT)]),
        (_("Kind of order"), [(f"{ORDERED}{key}", label) for key, label in SkuKind.choices]),
        *([(_("Circle in a group now"), circles)] if circles else []),
        (_("Standing"), [(STAGE, NAMES[STAGE])]),
        (_("Intent tier now"), [(f"{TIER}{one}", one) for one in TIERS]),
        *([(_("Came by the channel"), channels)] if channels else []),
        (_("Became a friend through"), [(f"{WAY}{key}", label) for key, label in AddWay.choices]),
    ]


def fact_names(*, tenant_id: int) -> dict[str, str]:
    """{fact: what it is called}, of channels put away too."""
    known = {
        str(key): str(label) for _group, facts in fact_choices(tenant_id=tenant_id) for key, label in facts
    }
    for one in TIERS:
        known[f"{TIER}{one}"] = _("Intent tier %(tier)s") % {"tier": one}
    for key, label in SkuKind.choices:
        known[f"{ORDERED}{key}"] = _("Paid orders, %(kind)s") % {"kind": label}
    for way, label in AddWay.choices:
        known[f"{WAY}{way}"] = _("Became a friend through: %(way)s") % {"way": label}
    for channel in channel_list(tenant_id=tenant_id, archived=None):
        known[f"{CHANNEL}{channel.pk}"] = _("Came by %(channel)s") % {"channel": channel.name}
    return known


def condition_words(condition: Condition, names: dict[str, str]) -> str:
    """One condition as a person says it: Finished a lesson, at least 3, within 7 days."""
    name = names.get(condition.fact, condition.fact)
    if condition.fact.startswith(STATED):
        said = name
    else:
        said = _("%(fact)s: at least %(count)s") % {"fact": name, "count": condition.at_least}
    if condition.days is None:
        return said
    within = ngettext("within %(n)s day", "within %(n)s days", condition.days) % {"n": condition.days}
    return f"{said} {within}"


def rule_words(rule: TagRule, names: dict[str, str]) -> str:
    """The conditions of a rule in one sentence."""
    glue = _(" and ") if rule.needs_all else _(" or ")
    said = [
        condition_words(Condition(one["fact"], one["at_least"], one.get("days")), names)
        for one in rule.conditions
    ]
    return glue.join(said)


def evidence_words(evidence: dict[str, Any], names: dict[str, str]) -> list[str]:
    """What was counted when a rule gave the tag, or why it was put on many at once; empty for one by hand."""
    made = [evidence["reason"]] if evidence.get("reason") else []
    for one in evidence.get("found", []):
        condition = Condition(one["fact"], one["at_least"], one["days"])
        said = condition_words(condition, names)
        if not condition.fact.startswith(STATED):
            said = _("%(condition)s; counted %(count)s") % {"condition": said, "count": one["count"]}
        made.append(said)
    return made
