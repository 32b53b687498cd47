"""The screening rule of a super-user group: written, then published for every customer to read (R16)."""

import secrets

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from contacts.policies.tag_rules import (
    CONDITIONS_MAX,
    COUNT_MAX,
    DAYS_MAX,
    Condition,
    conditions_to,
)
from content.policies.radar import token_make
from groups.enums import Kind, Question
from groups.errors import ScreeningInvalid
from groups.models import ReadinessAnswer, ScreeningRule
from groups.selectors.screening import TAG, rule_of
from groups.services.glance import glance_refresh
from groups.services.setup import locked_group
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

TOKEN_BYTES = 12


def screening_save(
    *,
    tenant: Tenant,
    group_id: int,
    conditions: tuple[Condition, ...],
    needs_all: bool,
    words: str,
    benefits: str,
    actor: Actor,
) -> ScreeningRule:
    """Write or change the rule; the readiness answers say the same from then on. Safe to repeat.

    Raises ScreeningInvalid (no super-user group, a rule that says nothing), GroupUnknown, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    told = (words.strip(), benefits.strip())
    _check(conditions, *told)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        if group.kind != Kind.SUPER_USER:
            raise ScreeningInvalid
        rule = rule_of(tenant_id=tenant.pk, group_id=group.pk) or ScreeningRule(
            tenant=tenant,
            group=group,
            version=0,
            token=token_make(tenant.pk, secrets.token_urlsafe(TOKEN_BYTES)),
        )
        stored = conditions_to(conditions)
        before = (rule.conditions, rule.needs_all, rule.words, rule.benefits)
        if rule.version and before == (stored, needs_all, *told):
            return rule
        rule.conditions, rule.needs_all = stored, needs_all
        rule.words, rule.benefits = told
        rule.version, rule.changed_at, rule.changed_by = rule.version + 1, clock.now(), actor.name[:128]
        rule.save()
        _answer(tenant, rule, actor)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.screening.set", target=group,
            changes={"screening": [before[2] or None, rule.words], "benefits": [before[3] or None, rule.benefits]},
        )  # fmt: skip
        glance_refresh(tenant=tenant, group_ids=[group.pk])
    return rule


def screening_publish(*, tenant: Tenant, group_id: int, is_public: bool, actor: Actor) -> ScreeningRule:
    """Open or close the page that every customer may read. Safe to repeat. Raises ScreeningInvalid without a rule."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        rule = rule_of(tenant_id=tenant.pk, group_id=group.pk)
        if rule is None:
            raise ScreeningInvalid
        if (rule.published_at is not None) == is_public:
            return rule
        rule.published_at = clock.now() if is_public else None
        rule.save(update_fields=["published_at"])
        verb = "groups.screening.published" if is_public else "groups.screening.closed"
        audit.record(tenant=tenant, actor=actor, verb=verb, target=group)
    return rule


def public_url(rule: ScreeningRule) -> str:
    """The address of the page, as customers get it."""
    return settings.PUBLIC_URL + reverse("groups_public:screening", kwargs={"token": rule.token})


def _check(conditions: tuple[Condition, ...], words: str, benefits: str) -> None:
    if not 1 <= len(conditions) <= CONDITIONS_MAX or len({one.key for one in conditions}) < len(conditions):
        raise ScreeningInvalid
    for one in conditions:
        if not 1 <= one.at_least <= COUNT_MAX or not (one.days is None or 1 <= one.days <= DAYS_MAX):
            raise ScreeningInvalid
        if one.fact.startswith(TAG) and (one.days is not None or one.at_least != 1):
            raise ScreeningInvalid
    if not words or len(words) > 500 or not benefits or len(benefits) > 1000:
        raise ScreeningInvalid


def _answer(tenant: Tenant, rule: ScreeningRule, actor: Actor) -> None:
    """The answer to "Positioning" says what the rule says: the checks read it there."""
    row, _made = ReadinessAnswer.objects.select_for_update().get_or_create(
        tenant=tenant, group=rule.group, question=Question.POSITIONING,
        defaults={"answered_by": actor.name[:128]},
    )  # fmt: skip
    row.answer = {**row.answer, "screening": rule.words, "benefits": rule.benefits}
    row.answered_by, row.at = actor.name[:128], clock.now()
    row.save()
