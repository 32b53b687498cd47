"""Save the whole readiness page at once: what changed is written and audited, the rest is left alone."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from groups.enums import LIVE_STATES, Kind, WordsKind
from groups.errors import AnswerInvalid, KindNeedsApproval, ReasonNeeded
from groups.models import Group, ReadinessAnswer
from groups.policies import answers
from groups.services.endings import ending_moved
from groups.services.glance import glance_refresh
from groups.services.rename_tasks import rename_follow
from groups.services.setup import (
    KIND_FIELDS,
    PLAN_FIELDS,
    answer_kept,
    answer_told,
    assign,
    is_guarded,
    known_fields,
    locked_group,
)
from groups.services.wordings import wordings_keep, wordings_keep_soon
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require


def readiness_save(
    *,
    tenant: Tenant,
    group_id: int,
    plan: Mapping[str, Any],
    kinds: Mapping[str, str],
    answered: Mapping[str, Mapping[str, Any]],
    actor: Actor,
    reason: str = "",
    keep_words: bool = True,
) -> Group:
    """Write plan fields, type fields and answers of one group, all or none. Safe to repeat.

    A live group changes its type only with a reason and by a leader. Without `keep_words`, as while somebody types,
    changed words become a version only once they have rested. Raises GroupUnknown, AnswerInvalid, ReasonNeeded,
    KindNeedsApproval.
    """
    require(actor, Permission.OPERATE)
    plan, kinds = known_fields(plan, PLAN_FIELDS), known_fields(kinds, KIND_FIELDS)
    if not all(answers.is_valid(question, answer) for question, answer in answered.items()):
        raise AnswerInvalid
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        typed = assign(group, kinds)
        if group.kind != Kind.DELIVERY:
            typed |= assign(group, {"sub_kind": ""})
        if typed and group.state in LIVE_STATES and not reason.strip():
            raise ReasonNeeded
        if "kind" in typed and is_guarded(group.state, typed["kind"][0], actor):
            raise KindNeedsApproval
        changes = {**assign(group, plan), **typed}
        if changes:
            group.save(update_fields=list(changes))
        changes |= _write_answers(group, answered, actor)
        if changes:
            audit.record(
                tenant=tenant, actor=actor, verb="groups.group.kind_set" if typed else "groups.group.edited",
                target=group, changes=changes, reason=reason.strip(),
            )  # fmt: skip
            if "planned_name" in changes:
                rename_follow(tenant=tenant, group=group)
            glance_refresh(tenant=tenant, group_ids=[group.pk])
        if "ends_on" in changes:
            ending_moved(tenant=tenant, group=group)
        if keep_words:
            wordings_keep(group=group, by=actor.name, before=changes)
        elif changes.keys() & set(WordsKind.values):
            wordings_keep_soon(group=group, by=actor.name)
    return group


def _write_answers(
    group: Group, answered: Mapping[str, Mapping[str, Any]], actor: Actor
) -> dict[str, list[Any]]:
    stored = {
        row.question: row for row in ReadinessAnswer.objects.filter(tenant_id=group.tenant_id, group=group)
    }
    changes: dict[str, list[Any]] = {}
    for question, answer in answered.items():
        row = stored.get(question) or ReadinessAnswer(
            tenant_id=group.tenant_id, group=group, question=question
        )
        before = row.answer
        kept = answer_kept(question, before, answer)
        if before == kept:
            continue
        row.answer, row.answered_by, row.at = kept, actor.name[:128], clock.now()
        row.save()
        changes[question] = [answer_told(before), answer_told(kept)]
    return changes
