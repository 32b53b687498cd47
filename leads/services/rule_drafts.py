"""The next tier rule: drafted, previewed, published as a version that never changes, and taken back by another one."""

from typing import Any

from django.db import transaction

from leads.errors import RuleDraftMissing, RuleMoved, RuleNotPreviewed, RuleUnchanged
from leads.events import RulePublished
from leads.models import RuleDraft, RuleReport, RuleVersion, Window
from leads.policies.rule_words import rule_changes
from leads.policies.rules import words_changed
from leads.selectors.rules import rule_version_list
from leads.services.rule_reports import rule_report_ask
from leads.services.rules import rules_current
from leads.services.windows import REBUILD_TASK
from outbox.dispatch import enqueue
from outbox.services import publish
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def rule_draft_save(*, tenant: Tenant, actor: Actor, rules: dict[str, Any]) -> RuleDraft:
    """Keep these rules as the draft and have it counted who moves. Safe to repeat.

    Raises NotPermitted, RuleUnchanged.
    """
    return _save(tenant, actor, rules, None, "leads.rule.drafted")


def rule_restore(*, tenant: Tenant, actor: Actor, number: int) -> RuleDraft:
    """Make an older version the draft: it is previewed and published like any other.

    Raises NotPermitted, RuleUnchanged, RuleVersion.DoesNotExist.
    """
    version = RuleVersion.objects.get(tenant=tenant, number=number)
    return _save(tenant, actor, version.rules, version.number, "leads.rule.taken_up")


def _save(tenant: Tenant, actor: Actor, rules: dict[str, Any], restores: int | None, verb: str) -> RuleDraft:
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        now_in_force = _in_force(tenant.pk)
        if now_in_force.rules == rules:
            raise RuleUnchanged
        draft, _ = RuleDraft.objects.update_or_create(
            tenant=tenant,
            defaults={
                "rules": rules, "base": now_in_force.number, "restores": restores, "changed_at": clock.now(),
                "changed_by": actor.name[:128],
            },
        )  # fmt: skip
        audit.record(
            tenant=tenant, actor=actor, verb=verb, target=draft,
            changes={"version": [now_in_force.number, restores]} if restores else {},
        )  # fmt: skip
        rule_report_ask(tenant_id=tenant.pk)
    return draft


def rule_draft_drop(*, tenant: Tenant, actor: Actor) -> None:
    """Throw the draft away. Safe to repeat. Raises NotPermitted."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        draft = RuleDraft.objects.select_for_update().filter(tenant=tenant).first()
        if draft is not None:
            audit.record(tenant=tenant, actor=actor, verb="leads.rule.dropped", target=draft)
            draft.delete()
            rule_report_ask(tenant_id=tenant.pk)


@transaction.atomic
def rule_publish(*, tenant: Tenant, actor: Actor, note: str = "") -> RuleVersion:
    """Put the draft in force: a new version from now on; every running camp is derived by it, and where it listens for
    other words, why people bought is suggested anew (R72).

    Whoever has bought, and camps that are over, keep what they were judged by. Raises NotPermitted,
    RuleDraftMissing, RuleMoved, RuleUnchanged, RuleNotPreviewed.
    """
    require(actor, Permission.MANAGE)
    draft = RuleDraft.objects.select_for_update().filter(tenant=tenant).first()
    if draft is None:
        raise RuleDraftMissing
    before = _in_force(tenant.pk)
    if draft.base != before.number:
        raise RuleMoved
    if draft.rules == before.rules:
        raise RuleUnchanged
    if not report_is_of(RuleReport.objects.filter(tenant=tenant).first(), draft):
        raise RuleNotPreviewed
    made = RuleVersion.objects.create(
        tenant=tenant, number=before.number + 1, rules=draft.rules, published_at=clock.now(),
        published_by=actor.name[:128], note=note.strip()[:200], restores=draft.restores,
    )  # fmt: skip
    said = {one.name: [one.before, one.after] for one in rule_changes(before.rules, made.rules)}
    audit.record(
        tenant=tenant, actor=actor, verb="leads.rule.published", target=made, reason=made.note,
        changes={"version": [before.number, made.number], **said},
    )  # fmt: skip
    draft.delete()
    rule_report_ask(tenant_id=tenant.pk)
    publish(
        RulePublished(
            tenant_id=tenant.pk, occurred_at=made.published_at, number=made.number,
            words=words_changed(before.rules, made.rules),
        )
    )  # fmt: skip
    running = Window.objects.filter(tenant=tenant, ends_at__gt=clock.now())
    for window_id in running.values_list("pk", flat=True):
        enqueue(REBUILD_TASK, tenant_id=tenant.pk, window_id=window_id)
    return made


def _in_force(tenant_id: int) -> RuleVersion:
    rules_current(tenant_id=tenant_id)
    return rule_version_list(tenant_id=tenant_id)[-1]


def report_is_of(report: RuleReport | None, draft: RuleDraft) -> bool:
    """Whether the counted figures are those of this very draft."""
    return bool(report and report.made_at and report.rules == draft.rules and report.number == draft.base)
