"""Tags by rule (R32): who carries one is judged when people act, and again for everyone every few hours.

A judgement touches only ties with the source "rule": tags by hand and WeCom's own, and so every re-sync, stay apart.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from contacts.enums import RULE_EVERY_HOURS, TagEnd, TagSource
from contacts.errors import RuleInvalid, TagUnknown
from contacts.models import Customer, CustomerTag, Tag, TagRule
from contacts.policies.tag_rules import (
    CONDITIONS_MAX,
    COUNT_MAX,
    DAYS_MAX,
    Condition,
    conditions_from,
    conditions_to,
    evidence_of,
    judged,
    kept,
)
from contacts.selectors.facts import facts_for
from contacts.services.tag_marks import marks_on, ties_end
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

CHUNK = 1000
SAMPLE = 500
_HOLD = """
select id from contacts_tagrule where tenant_id = %s and id = any(%s) and is_active order by id for key share
"""


def tag_rule_save(
    *,
    tenant: Tenant,
    tag_id: int,
    conditions: tuple[Condition, ...],
    needs_all: bool,
    keeps_days: int | None,
    actor: Actor,
) -> TagRule:
    """Give a tag its rule, or change it; everyone is judged anew soon. Raises TagUnknown, RuleInvalid, NotPermitted.

    Safe to repeat: the same rule again changes nothing.
    """
    require(actor, Permission.OPERATE)
    _check(conditions, keeps_days)
    stored = conditions_to(conditions)
    with transaction.atomic():
        tag = (
            Tag.objects.select_for_update(no_key=True)
            .filter(tenant=tenant, pk=tag_id, deleted_at=None)
            .first()
        )
        if tag is None:
            raise TagUnknown
        rule = TagRule.objects.filter(tenant=tenant, tag=tag).first() or TagRule(
            tenant=tenant, tag=tag, version=0
        )
        wanted = (stored, needs_all, keeps_days, True)
        before = (rule.conditions, rule.needs_all, rule.keeps_days, rule.is_active)
        if rule.version and wanted == before:
            return rule
        rule.conditions, rule.needs_all, rule.keeps_days, rule.is_active = wanted
        rule.version, rule.changed_by = rule.version + 1, actor.name[:128]
        rule.changed_at = rule.due_at = clock.now()
        rule.upto_id = 0
        rule.save()
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.tag.rule_set",
            target=tag,
            changes={"rule": [before[0] if rule.version > 1 else None, stored]},
        )
    return rule


def _check(conditions: tuple[Condition, ...], keeps_days: int | None) -> None:
    if not 1 <= len(conditions) <= CONDITIONS_MAX or len({one.key for one in conditions}) < len(conditions):
        raise RuleInvalid
    for one in conditions:
        if not 1 <= one.at_least <= COUNT_MAX or not (one.days is None or 1 <= one.days <= DAYS_MAX):
            raise RuleInvalid
    if keeps_days is not None and not 1 <= keeps_days <= DAYS_MAX:
        raise RuleInvalid


def tag_rule_end(*, tenant: Tenant, tag_id: int, actor: Actor) -> None:
    """End a rule: nobody gets the tag by it any more and those it gave come off. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        # The full lock: it waits for who judges by this rule (they hold FOR KEY SHARE), so that no tag comes after.
        rule = (
            TagRule.objects.select_for_update().filter(tenant=tenant, tag_id=tag_id, is_active=True).first()
        )
        if rule is None:
            return
        rule.is_active, rule.upto_id = False, 0
        rule.save(update_fields=["is_active", "upto_id"])
        ties = CustomerTag.objects.filter(tenant=tenant, tag_id=tag_id, source=TagSource.RULE)
        ended = ties_end(
            tenant_id=tenant.pk,
            tie_ids=ties.values_list("pk", flat=True),
            why=TagEnd.RETIRED,
            by=actor.name,
        )
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="contacts.tag.rule_ended",
            target=rule.tag,
            changes={"rule": [rule.conditions, None], "people": [ended, 0]},
        )


def rule_try(*, tenant_id: int, conditions: tuple[Condition, ...], needs_all: bool) -> tuple[int, int]:
    """(how many of the latest people the rule would hold for, how many were looked at). Writes nothing."""
    newest = Customer.objects.filter(tenant_id=tenant_id).order_by("-first_seen_at", "-pk")
    ids = list(newest.values_list("pk", flat=True)[:SAMPLE])
    keys = {one.key for one in conditions}
    facts = facts_for(tenant_id=tenant_id, customer_ids=ids, keys=keys, now=clock.now())
    return sum(judged(conditions, needs_all=needs_all, facts=facts[one]).holds for one in ids), len(ids)


def rules_judge(*, tenant_id: int, customer_ids: Iterable[int]) -> int:
    """Judge these people by every active rule. Returns how many tags came or went. Safe to repeat."""
    in_force = TagRule.objects.filter(tenant_id=tenant_id, is_active=True, tag__deleted_at=None)
    rules = list(in_force.order_by("pk"))  # one order for all who write: two cannot lock each other out
    ids = sorted(set(customer_ids))
    changed = 0
    for start in range(0, len(ids) if rules else 0, CHUNK):
        with transaction.atomic():
            standing = _held(tenant_id, rules)
            changed += _judge(tenant_id, standing, ids[start : start + CHUNK], clock.now())
    return changed


def _held(tenant_id: int, rules: list[TagRule]) -> list[TagRule]:
    """Those of the rules that are in force still and stay so until this transaction is over. Judges share the lock."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [tenant_id, [rule.pk for rule in rules]])
        held = {row[0] for row in cursor.fetchall()}
    return [rule for rule in rules if rule.pk in held]


def _judge(tenant_id: int, rules: list[TagRule], ids: list[int], now: datetime) -> int:
    """One chunk, in the caller's transaction: a constant number of queries, whatever the number of people and rules."""
    typed = {rule.pk: conditions_from(rule.conditions) for rule in rules}
    keys = {one.key for conditions in typed.values() for one in conditions}
    facts = facts_for(tenant_id=tenant_id, customer_ids=ids, keys=keys, now=now)
    carried = _carried(tenant_id, rules, ids)
    fresh, gone, moved = [], [], []
    for rule in rules:
        for customer_id in ids:
            tie = carried.get((rule.tag_id, customer_id))
            verdict = judged(typed[rule.pk], needs_all=rule.needs_all, facts=facts[customer_id])
            keep = kept(
                verdict,
                keeps_days=rule.keeps_days,
                is_carried=tie is not None,
                expires_at=tie.expires_at if tie else None,
                now=now,
            )
            if tie is None and keep.stands:
                evidence = evidence_of(verdict, version=rule.version, needs_all=rule.needs_all)
                fresh.append(_tie(tenant_id, customer_id, rule, evidence, keep.expires_at, now))
            elif tie is not None and not keep.stands:
                gone.append(tie)
            elif tie is not None and _moves(tie, keep.expires_at):
                tie.expires_at = keep.expires_at
                moved.append(tie)
    CustomerTag.objects.bulk_create(fresh, ignore_conflicts=True)
    marks_on(tenant_id=tenant_id, pairs={(tie.customer_id, tie.tag_id) for tie in fresh})
    CustomerTag.objects.bulk_update(moved, ["expires_at"])
    over = {tie.pk for tie in gone if tie.expires_at is not None}
    ties_end(tenant_id=tenant_id, tie_ids=over, why=TagEnd.EXPIRED)
    ties_end(tenant_id=tenant_id, tie_ids={tie.pk for tie in gone} - over, why=TagEnd.RULE)
    return len(fresh) + len(gone)


def _carried(tenant_id: int, rules: list[TagRule], ids: list[int]) -> dict[tuple[int, int], CustomerTag]:
    rows = CustomerTag.objects.filter(
        tenant_id=tenant_id,
        source=TagSource.RULE,
        tag_id__in=[rule.tag_id for rule in rules],
        customer_id__in=ids,
    )
    return {(row.tag_id, row.customer_id): row for row in rows}


def _tie(
    tenant_id: int,
    customer_id: int,
    rule: TagRule,
    evidence: dict,
    expires_at: datetime | None,
    now: datetime,
) -> CustomerTag:
    return CustomerTag(
        tenant_id=tenant_id,
        customer_id=customer_id,
        tag_id=rule.tag_id,
        source=TagSource.RULE,
        added_at=now,
        evidence=evidence,
        expires_at=expires_at,
    )


def _moves(tie: CustomerTag, expires_at: datetime | None) -> bool:
    """Whether an end is worth writing again: a rule that holds all day moves it once an hour, not each time."""
    if tie.expires_at is None or expires_at is None:
        return tie.expires_at != expires_at
    return abs(expires_at - tie.expires_at) >= timedelta(hours=1)


def _over(now: datetime) -> QuerySet[CustomerTag]:
    return CustomerTag.objects.filter(expires_at__lte=now).filter(
        Q(source=TagSource.MANUAL) | Q(source=TagSource.RULE, tag__deleted_at=None)
    )


def tags_expire(*, tenant_id: int) -> int:
    """Take off tags whose time is over, ten thousand at most; one by a rule that holds again stays, one whose rule is
    ended goes. Returns how many came off. Safe to repeat."""
    in_force = TagRule.objects.filter(tenant_id=tenant_id, is_active=True, tag=OuterRef("tag"))
    due = _over(clock.now()).filter(tenant_id=tenant_id).annotate(ruled=Exists(in_force))
    rows = list(
        due.order_by("expires_at", "pk").values_list("pk", "customer_id", "source", "ruled")[: CHUNK * 10]
    )
    by_hand = [pk for pk, _person, source, _ruled in rows if source == TagSource.MANUAL]
    orphans = [pk for pk, _person, source, ruled in rows if source == TagSource.RULE and not ruled]
    with transaction.atomic():
        ended = ties_end(tenant_id=tenant_id, tie_ids=by_hand, why=TagEnd.EXPIRED)
        ended += ties_end(tenant_id=tenant_id, tie_ids=orphans, why=TagEnd.RETIRED)
    people = {person for _pk, person, source, ruled in rows if source == TagSource.RULE and ruled}
    return ended + rules_judge(tenant_id=tenant_id, customer_ids=people)


def rules_run_chunk(*, tenant_id: int) -> bool:
    """Judge the next thousand people by the rules whose run is due. Returns whether there is more to do.

    One transaction: a kill repeats the chunk and changes nothing twice. A worker that finds the rules held goes.
    """
    now = clock.now()
    with transaction.atomic():
        due = list(
            TagRule.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
            .filter(tenant_id=tenant_id, is_active=True, due_at__lte=now, tag__deleted_at=None)
            .order_by("pk")
        )
        if not due:
            return False
        upto = min(rule.upto_id for rule in due)
        rules = [rule for rule in due if rule.upto_id == upto]
        people = Customer.objects.filter(tenant_id=tenant_id, pk__gt=upto).order_by("pk")
        ids = list(people.values_list("pk", flat=True)[:CHUNK])
        if ids:
            _judge(tenant_id, rules, ids, now)
        every = timedelta(hours=preferences.value(tenant_id, RULE_EVERY_HOURS))
        for rule in rules:
            rule.upto_id = ids[-1] if len(ids) == CHUNK else 0
            if not rule.upto_id:
                rule.ran_at, rule.due_at = now, now + every
        TagRule.objects.bulk_update(rules, ["upto_id", "ran_at", "due_at"])
    return True


def tenants_with_due_tags() -> list[int]:
    """Tenants with a rule whose run is due or a tag whose time is over. Across tenants: the caller is a tick."""
    now = clock.now()
    rules = TagRule.objects.filter(is_active=True, due_at__lte=now, tag__deleted_at=None)
    ties = _over(now).values_list("tenant_id", flat=True).distinct()
    return sorted({*rules.values_list("tenant_id", flat=True), *ties})
