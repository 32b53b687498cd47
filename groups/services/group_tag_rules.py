"""Group tags by rule (R27): judged when a group changes, and again for all groups every hour or so.

A judgement touches only ties with the source "rule".
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from groups.enums import TAG_RULE_HOURS, GroupTagEnd, GroupTagSource
from groups.errors import GroupRuleInvalid, GroupTagUnknown
from groups.models import Group, GroupTag, GroupTagRule, GroupTagTie
from groups.policies import group_tags as rules
from groups.selectors.group_tag_facts import facts_of_groups
from groups.selectors.group_tags import groups_to_try
from groups.services.group_tags import carried_pairs, group_tag_save, group_ties_end, pairs_tell
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

CHUNK = 200
TRIED = 500
# Only the end of a rule locks against this. It is not waited for: whoever judges holds groups that it needs.
_HOLD = """
select id from groups_grouptagrule where tenant_id = %s and id = any(%s) and is_active order by id
for key share skip locked
"""


def group_tag_rule_save(
    *,
    tenant: Tenant,
    tag_id: int,
    conditions: Sequence[rules.GroupCondition],
    needs_all: bool,
    actor: Actor,
) -> GroupTagRule:
    """Give a tag its rule, or change it; all groups are judged anew soon. Safe to repeat.

    Raises GroupTagUnknown, GroupRuleInvalid, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    is_one_each = len({(one.fact, one.op) for one in conditions}) == len(conditions)
    if not 1 <= len(conditions) <= rules.CONDITIONS_MAX or not is_one_each:
        raise GroupRuleInvalid
    if not all(rules.is_valid(one) for one in conditions):
        raise GroupRuleInvalid
    stored = rules.group_conditions_to(conditions)
    with transaction.atomic():
        tag = GroupTag.objects.select_for_update().filter(tenant=tenant, pk=tag_id, archived_at=None).first()
        if tag is None:
            raise GroupTagUnknown
        known = GroupTagRule.objects.filter(tenant=tenant, tag=tag).first()
        rule = known or GroupTagRule(tenant=tenant, tag=tag, version=0)
        before = (rule.conditions, rule.needs_all, rule.is_active)
        if known and before == (stored, needs_all, True):
            return rule
        rule.conditions, rule.needs_all, rule.is_active = stored, needs_all, True
        rule.version, rule.changed_by = rule.version + 1, actor.name[:128]
        rule.changed_at = rule.due_at = clock.now()
        rule.save()
        audit.record(
            tenant=tenant, actor=actor, verb="groups.tag.rule_set", target=tag,
            changes={"rule": [before[0] if known else None, stored]},
        )  # fmt: skip
    return rule


def group_tag_rule_end(*, tenant: Tenant, tag_id: int, actor: Actor) -> None:
    """End a rule: no group gets the tag by it any more and those it gave come off. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        # The full lock: it waits for who judges by this rule (they hold FOR KEY SHARE), so that no tag comes after.
        rows = GroupTagRule.objects.select_for_update(of=("self",)).select_related("tag")
        rule = rows.filter(tenant=tenant, tag_id=tag_id, is_active=True).first()
        if rule is None:
            return
        rule.is_active = False
        rule.save(update_fields=["is_active"])
        ties = GroupTagTie.objects.filter(tenant=tenant, tag_id=tag_id, source=GroupTagSource.RULE)
        given = dict(ties.values_list("pk", "group_id"))
        before = carried_pairs(tenant_id=tenant.pk, tag_ids=[tag_id], group_ids=given.values())
        ended = group_ties_end(tenant_id=tenant.pk, tie_ids=given, why=GroupTagEnd.RETIRED, by=actor.name)
        after = carried_pairs(tenant_id=tenant.pk, tag_ids=[tag_id], group_ids=given.values())
        pairs_tell(tenant_id=tenant.pk, before=before, after=after)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.tag.rule_ended", target=rule.tag,
            changes={"rule": [rule.conditions, None], "groups": [ended, 0]},
        )  # fmt: skip


def group_rule_try(
    *, tenant: Tenant, conditions: Sequence[rules.GroupCondition], needs_all: bool
) -> tuple[list[Group], int]:
    """(groups the rule would hold for, how many were looked at: the newest 500). Writes nothing."""
    groups = list(groups_to_try(tenant_id=tenant.pk).order_by("-pk")[:TRIED])
    keys = {one.fact for one in conditions}
    facts = facts_of_groups(tenant=tenant, groups=groups, keys=keys, now=clock.now())
    held = [
        group
        for group in groups
        if rules.group_judged(conditions, needs_all=needs_all, facts=facts[group.pk]).holds
    ]
    return held, len(groups)


def groups_judge_tags(*, tenant: Tenant, groups: Iterable[Group]) -> int:
    """Judge these groups by every active rule, in the caller's transaction, under the groups' locks.

    One query without a rule; else at most eleven, whatever the number of groups. Returns how many tags came or went.
    Safe to repeat.
    """
    active = GroupTagRule.objects.filter(tenant=tenant, is_active=True, tag__archived_at=None)
    in_force = list(active.order_by("pk"))
    return _judge(tenant, in_force, list(groups), clock.now()) if in_force else 0


def _held(tenant: Tenant, in_force: list[GroupTagRule]) -> list[GroupTagRule]:
    """Those of the rules that are in force still and stay so until this transaction is over. Judges share the lock."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [tenant.pk, [rule.pk for rule in in_force]])
        held = {row[0] for row in cursor.fetchall()}
    return [rule for rule in in_force if rule.pk in held]


def _judge(tenant: Tenant, in_force: list[GroupTagRule], groups: list[Group], now: datetime) -> int:
    in_force = _held(tenant, in_force)
    if not in_force:
        return 0
    typed = {rule.pk: rules.group_conditions_from(rule.conditions) for rule in in_force}
    keys = {one.fact for conditions in typed.values() for one in conditions}
    facts = facts_of_groups(tenant=tenant, groups=groups, keys=keys, now=now)
    tag_ids, ids = [rule.tag_id for rule in in_force], [group.pk for group in groups]
    ties = GroupTagTie.objects.filter(tenant=tenant, tag_id__in=tag_ids, group_id__in=ids)
    before = set(ties.values_list("tag_id", "group_id"))
    by_rule = {(row.tag_id, row.group_id): row.pk for row in ties.filter(source=GroupTagSource.RULE)}
    fresh, gone = [], []
    for rule in in_force:
        for group in groups:
            verdict = rules.group_judged(typed[rule.pk], needs_all=rule.needs_all, facts=facts[group.pk])
            tied = by_rule.get((rule.tag_id, group.pk))
            if verdict.holds and tied is None:
                evidence = rules.evidence_from(verdict, version=rule.version, needs_all=rule.needs_all)
                fresh.append(_tie(tenant, group, rule, evidence, now))
            elif not verdict.holds and tied is not None:
                gone.append(tied)
    if not fresh and not gone:
        return 0
    GroupTagTie.objects.bulk_create(fresh, ignore_conflicts=True)
    group_ties_end(tenant_id=tenant.pk, tie_ids=gone, why=GroupTagEnd.RULE)
    after = carried_pairs(tenant_id=tenant.pk, tag_ids=tag_ids, group_ids=ids)
    pairs_tell(tenant_id=tenant.pk, before=before, after=after)
    return len(fresh) + len(gone)


def _tie(tenant: Tenant, group: Group, rule: GroupTagRule, evidence: dict, now: datetime) -> GroupTagTie:
    return GroupTagTie(
        tenant=tenant, group=group, tag_id=rule.tag_id, source=GroupTagSource.RULE, added_at=now, evidence=evidence
    )  # fmt: skip


def group_rules_run(*, tenant_id: int) -> int:
    """Judge all groups by the rules whose run is due, some at a time. Returns how many tags came or went.

    Safe to repeat and in parallel: a worker that finds a chunk's groups held waits for them; what is judged twice
    changes nothing.
    """
    tenant, now, changed = Tenant.objects.get(pk=tenant_id), clock.now(), 0
    due = GroupTagRule.objects.filter(tenant=tenant, is_active=True, due_at__lte=now, tag__archived_at=None)
    in_force = list(due.order_by("pk"))
    ids = list(groups_to_try(tenant_id=tenant_id).values_list("pk", flat=True)) if in_force else []
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            rows = Group.objects.select_for_update(of=("self",)).filter(
                tenant=tenant, pk__in=ids[start : start + CHUNK]
            )
            changed += _judge(tenant, in_force, list(rows.order_by("pk")), now)
    every = timedelta(hours=preferences.value(tenant_id, TAG_RULE_HOURS))
    for rule in in_force:
        same = GroupTagRule.objects.filter(tenant=tenant, pk=rule.pk, version=rule.version)
        same.update(ran_at=now, due_at=now + every)
    return changed


def tenants_with_due_group_rules() -> list[int]:
    """Tenants with a rule whose run is due. Across tenants: the caller is a tick."""
    rows = GroupTagRule.objects.filter(is_active=True, due_at__lte=clock.now(), tag__archived_at=None)
    return list(rows.order_by().values_list("tenant_id", flat=True).distinct())


def builtin_group_tags() -> list[tuple[str, tuple[rules.GroupCondition, ...]]]:
    """The tags that most teams want, with the rule of each, in the language in hand."""
    at_least, at_most = rules.AT_LEAST, rules.AT_MOST
    return [
        (pgettext("group tag", "Full"), (rules.GroupCondition(rules.FILL, at_least, 100),)),
        (_("Nearly full"), (rules.GroupCondition(rules.FILL, at_least, 80),)),
        (_("Small group"), (rules.GroupCondition(rules.SIZE, at_most, 30),)),
        (_("First week"), (rules.GroupCondition(rules.AGE, at_most, 6),)),
        (_("Ends within a week"), (rules.GroupCondition(rules.LEFT, at_most, 7),)),
        (_("Silent for a week"), (rules.GroupCondition(rules.SILENT, at_least, 7),)),
        (_("Lively"), (rules.GroupCondition(rules.ACTIVE, at_least, 50),)),
        (_("Many buyers"), (rules.GroupCondition(rules.BUYERS, at_least, 30),)),
    ]


def group_tags_add_builtin(*, tenant: Tenant, actor: Actor) -> int:
    """Make the built-in tags that are not there yet. Returns how many. Safe to repeat."""
    require(actor, Permission.OPERATE)
    made = 0
    with transaction.atomic():
        names = set(GroupTag.objects.filter(tenant=tenant, archived_at=None).values_list("name", flat=True))
        for name, conditions in builtin_group_tags():
            if name not in names:
                tag = group_tag_save(tenant=tenant, name=name, actor=actor)
                group_tag_rule_save(
                    tenant=tenant, tag_id=tag.pk, conditions=conditions, needs_all=True, actor=actor
                )
                made += 1
    return made
