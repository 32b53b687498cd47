"""What the exit rules of a run are judged by, and who has left it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contacts.selectors import buyers_in, customer_list, opted_out_in
from contacts.selectors.stages import stage_names
from contacts.selectors.tags import tags_carried, tags_managed
from groups.enums import State
from groups.selectors import counts, groups_by_id, members_current
from groups.selectors.group_tags import group_tag_choices, tags_by_group
from leads.selectors.leads import tiers_of
from sop.enums import ExitRule
from sop.models import Run, RunExit, RunGroup, Version
from sop.policies import exits as policy
from sop.policies.exits import Exit, GroupFacts, PersonFacts
from tenants import clock


def exits_of(*, run: Run) -> QuerySet[RunExit]:
    """Who has left the run, the latest first, with their names."""
    rows = RunExit.objects.filter(tenant_id=run.tenant_id, run=run)
    return rows.select_related("customer", "group").order_by("-at", "-pk")


def out_of_runs(
    *, tenant_id: int, run_ids: Iterable[int]
) -> tuple[dict[int, dict[int, str]], dict[int, dict[int, str]]]:
    """({run: {customer: rule}}, {run: {group: rule}}) of all who have left. One query."""
    people: dict[int, dict[int, str]] = defaultdict(dict)
    groups: dict[int, dict[int, str]] = defaultdict(dict)
    rows = RunExit.objects.filter(tenant_id=tenant_id, run_id__in=set(run_ids))
    for run_id, customer_id, group_id, rule in rows.values_list("run", "customer", "group", "rule_code"):
        if customer_id is not None:
            people[run_id][customer_id] = rule
        else:
            groups[run_id][group_id] = rule
    return people, groups


def person_facts(
    *, run: Run, zone: str, exits: Sequence[Exit], customer_ids: Collection[int]
) -> dict[int, PersonFacts]:
    """{customer: what the rules ask about}. One query for each kind of rule that is there."""
    tenant_id, rules = run.tenant_id, {one.rule for one in exits}
    since = clock.day_bounds(run.starts_on, zone)[0]
    bought = (
        buyers_in(tenant_id=tenant_id, customer_ids=customer_ids, since=since)
        if ExitRule.BOUGHT in rules
        else set()
    )
    opted = (
        opted_out_in(tenant_id=tenant_id, customer_ids=customer_ids) if ExitRule.OPTED_OUT in rules else set()
    )
    here = _present(run) if ExitRule.LEFT in rules else set(customer_ids)
    tags = (
        tags_carried(tenant_id=tenant_id, customer_ids=customer_ids) if ExitRule.CUSTOMER_TAG in rules else {}
    )
    tiers = tiers_of(tenant_id=tenant_id, customer_ids=customer_ids) if ExitRule.TIER in rules else {}
    stages: dict[int, int] = {}
    if ExitRule.STAGE in rules:
        rows = customer_list(tenant_id=tenant_id).filter(pk__in=customer_ids).order_by()
        stages = dict(rows.values_list("pk", "stage"))
    return {
        one: PersonFacts(
            bought=one in bought,
            opted_out=one in opted,
            present=one in here,
            tags=frozenset(tags.get(one, ())),
            tier=tiers.get(one, ""),
            stage=stages.get(one, 0),
        )
        for one in customer_ids
    }


def _present(run: Run) -> set[int]:
    groups = RunGroup.objects.filter(tenant_id=run.tenant_id, run=run, removed_at=None)
    seats = members_current(
        tenant_id=run.tenant_id, group_ids=list(groups.values_list("group_id", flat=True))
    )
    return {one for people in seats.values() for one in people}


def group_facts(*, tenant_id: int, group_ids: Collection[int]) -> dict[int, GroupFacts]:
    """{group: what the rules ask about}. Three queries."""
    people = counts(tenant_id=tenant_id, group_ids=group_ids)
    tags = tags_by_group(tenant_id=tenant_id, group_ids=group_ids)
    return {
        pk: GroupFacts(
            customers=people[pk].customers,
            tags=frozenset(tag.pk for tag in tags.get(pk, ())),
            frozen=group.frozen_at is not None,
            ended=group.dismissed_at is not None or group.state == State.ARCHIVED,
        )
        for pk, group in groups_by_id(tenant_id=tenant_id, group_ids=group_ids).items()
    }


def exit_words(one: Exit, names: dict[tuple[str, int], str]) -> str:
    """A rule with what it asks for, as people read it. `names`: see `tag_names`."""
    label = str(one.rule.label)
    return f"{label}: {value}" if (value := exit_value(one, names)) else label


def exit_value(one: Exit, names: dict[tuple[str, int], str]) -> str:
    """What a rule asks for: a tag's name, a tier, a stage, a number; "" for nothing."""
    if one.value is None:
        return ""
    if one.rule in (ExitRule.CUSTOMER_TAG, ExitRule.GROUP_TAG):
        return names.get((one.rule, one.value), _("a tag put away"))
    if one.rule == ExitRule.STAGE:
        return str(names.get((one.rule, one.value), one.value))
    return str(one.value)


def tag_names(*, tenant_id: int) -> dict[tuple[str, int], str]:
    """{(rule, tag id or stage): name} of everything in use that a rule may ask about. Three queries."""
    members = {(str(ExitRule.CUSTOMER_TAG), one.pk): str(one) for one in tags_managed(tenant_id=tenant_id)}
    groups = {(str(ExitRule.GROUP_TAG), int(pk)): name for pk, name in group_tag_choices(tenant_id=tenant_id)}
    stages = {
        (str(ExitRule.STAGE), number): str(name) for number, name in stage_names(tenant_id=tenant_id).items()
    }
    return members | groups | stages


def exit_rows(version: Version) -> list[tuple[str, str, bool]]:
    """(rule, in words, whether it is of a person) for each rule of a version. Two queries, none without a rule."""
    exits = policy.read(version.exits)
    names = tag_names(tenant_id=version.tenant_id) if exits else {}
    return [(str(one.rule), exit_words(one, names), one.is_personal) for one in exits]
