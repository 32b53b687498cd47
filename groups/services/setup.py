"""What people decide about a group before it runs: plan it, answer the six questions, choose its type, approve."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from groups.enums import LIVE_STATES, Kind, PaymentBasis, Purpose, Question, Scenario, SubKind
from groups.errors import AnswerInvalid, ApprovalInvalid, GroupUnknown, KindNeedsApproval, ReasonNeeded
from groups.models import Approval, Group, ReadinessAnswer, Wording
from groups.policies import answers
from groups.policies.checks import REGISTRY
from groups.policies.promise_lines import KEYS, carried
from groups.services.endings import ending_moved
from groups.services.glance import glance_refresh
from groups.services.rename_tasks import rename_follow
from groups.services.wordings import wordings_keep
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

# What an operator may write on a group, beside its type and its answers.
PLAN_FIELDS = frozenset(
    {
        "planned_name", "series", "starts_on", "ends_on", "ends_time", "target_size", "size_reason",
        "value_proposition", "welcome", "announcement", "replies",
    }
)  # fmt: skip
_CHOICES: dict[str, type[models.TextChoices]] = {
    "kind": Kind, "sub_kind": SubKind, "purpose": Purpose, "scenario": Scenario, "payment_basis": PaymentBasis,
}  # fmt: skip
KIND_FIELDS = frozenset(_CHOICES)


def locked_group(tenant: Tenant, group_id: int) -> Group:
    """The group, locked for the caller's transaction. Raises GroupUnknown, also for a foreign id."""
    group = Group.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=group_id).first()
    if group is None:
        raise GroupUnknown
    return group


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def assign(group: Group, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the values that differ. Returns {"field": [before, after]} for the audit trail."""
    changes = {
        name: [_json(getattr(group, name)), _json(value)]
        for name, value in values.items()
        if getattr(group, name) != value
    }
    for name in changes:
        setattr(group, name, values[name])
    return changes


def group_plan(
    *, tenant: Tenant, name: str, actor: Actor, leader_id: int | None = None, **fields: Any
) -> Group:
    """A group that does not exist in WeCom yet. A person opens it there; under the same name it is recognised.

    `fields` are those of PLAN_FIELDS and KIND_FIELDS. `leader_id`: the first of the staff who will run it.
    Not safe to repeat: each call plans one more.
    """
    require(actor, Permission.OPERATE)
    values = {"planned_name": name.strip()[:128], **known_fields(fields, PLAN_FIELDS | KIND_FIELDS)}
    with transaction.atomic():
        group = Group.objects.create(tenant=tenant, added_at=clock.now(), **values)
        if leader_id is not None:
            crew = {"crew": [leader_id]}
            ReadinessAnswer.objects.create(
                tenant=tenant,
                group=group,
                question=Question.MANAGEMENT,
                answer=crew,
                answered_by=actor.name[:128],
            )
        audit.record(tenant=tenant, actor=actor, verb="groups.group.planned", target=group)
        wordings_keep(group=group, by=actor.name)
    return group


def known_fields(fields: Mapping[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
    """The fields, when all may be written and every choice is one. Raises AnswerInvalid."""
    for name, value in fields.items():
        if name not in allowed:
            raise AnswerInvalid
        if name in _CHOICES and value not in ("", *_CHOICES[name].values):
            raise AnswerInvalid
    return dict(fields)


def group_edit_plan(*, tenant: Tenant, group_id: int, actor: Actor, **fields: Any) -> Group:
    """Write name, dates, size, welcome or announcement. Safe to repeat. Raises GroupUnknown, AnswerInvalid."""
    require(actor, Permission.OPERATE)
    values = known_fields(fields, PLAN_FIELDS)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        changes = assign(group, values)
        if changes:
            group.save(update_fields=list(changes))
            audit.record(
                tenant=tenant, actor=actor, verb="groups.group.edited", target=group, changes=changes
            )
            wordings_keep(group=group, by=actor.name, before=changes)
            if "planned_name" in changes:
                rename_follow(tenant=tenant, group=group)
            glance_refresh(tenant=tenant, group_ids=[group.pk])
        if "ends_on" in changes:
            ending_moved(tenant=tenant, group=group)
    return group


def wording_restore(*, tenant: Tenant, group_id: int, kind: str, number: int, actor: Actor) -> Group:
    """Let an earlier version of the welcome or announcement stand again, as a new version. Safe to repeat.

    Raises GroupUnknown, AnswerInvalid for an unknown version, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        row = Wording.objects.filter(tenant=tenant, group=group, kind=kind, number=number).first()
        if row is None:
            raise AnswerInvalid
        wordings_keep(group=group, by=actor.name)  # what stands now may not be a version yet
        changes = assign(group, {kind: row.text})
        if changes:
            group.save(update_fields=list(changes))
            audit.record(
                tenant=tenant, actor=actor, verb="groups.group.words_restored", target=group,
                changes={**changes, "version": [None, number]},
            )  # fmt: skip
            wordings_keep(group=group, by=actor.name, restored_from=number)
            glance_refresh(tenant=tenant, group_ids=[group.pk])
    return group


def group_words_keep(*, tenant: Tenant, group_id: int, by: str) -> dict[str, int]:
    """Keep the words as they stand as versions. For the clock: who wrote them is known. Safe to repeat."""
    with transaction.atomic():
        return wordings_keep(group=locked_group(tenant, group_id), by=by)


def group_set_kind(*, tenant: Tenant, group_id: int, actor: Actor, reason: str = "", **fields: Any) -> Group:
    """Choose type, sub-type, purpose, scenario or payment basis (R1). Once the group is live a reason is needed.

    Then an operator asks for it (services.approvals). Audited with the values before and after. Safe to repeat.
    Raises ReasonNeeded, KindNeedsApproval, GroupUnknown, AnswerInvalid.
    """
    require(actor, Permission.OPERATE)
    values = known_fields(fields, KIND_FIELDS)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        if _kind_write(tenant, [group], values, reason=reason, actor=actor):
            glance_refresh(tenant=tenant, group_ids=[group.pk])
    return group


def groups_set_kind(
    *, tenant: Tenant, group_ids: list[int], kind: str, actor: Actor, reason: str = ""
) -> list[Group]:
    """Choose one type for several groups, all or none. Raises like group_set_kind."""
    require(actor, Permission.OPERATE)
    values = known_fields({"kind": kind}, KIND_FIELDS)
    with transaction.atomic():
        rows = list(
            Group.objects.select_for_update(of=("self",))
            .filter(tenant=tenant, pk__in=sorted(set(group_ids)))
            .order_by("pk")
        )
        if len(rows) != len(set(group_ids)):
            raise GroupUnknown
        _kind_write(tenant, rows, values, reason=reason, actor=actor)
        glance_refresh(tenant=tenant, group_ids=[group.pk for group in rows])
    return rows


def _kind_write(
    tenant: Tenant, groups: Iterable[Group], values: Mapping[str, Any], *, reason: str, actor: Actor
) -> bool:
    """Write the type of locked groups and their records, two statements; whether anything changed.

    Raises ReasonNeeded, KindNeedsApproval.
    """
    changes: dict[int, dict[str, Any]] = {}
    changed = []
    for group in groups:
        found = assign(group, values)
        if group.kind != Kind.DELIVERY:
            found |= assign(group, {"sub_kind": ""})
        if found and group.state in LIVE_STATES and not reason.strip():
            raise ReasonNeeded
        if "kind" in found and is_guarded(group.state, found["kind"][0], actor):
            raise KindNeedsApproval
        if found:
            changes[group.pk] = found
            changed.append(group)
    if changed:
        Group.objects.bulk_update(changed, sorted({name for one in changes.values() for name in one}))
        audit.record_many(
            tenant=tenant, actor=actor, verb="groups.group.kind_set", targets=changed, changes=changes,
            reason=reason.strip(),
        )  # fmt: skip
    return bool(changed)


def kind_needs_approval(group: Group, kind: str, actor: Actor) -> bool:
    """Whether this actor has to ask before the group is of another type: a live group's type is a promise (R128)."""
    return group.kind != kind and is_guarded(group.state, group.kind, actor)


def is_guarded(state: str, kind_before: str, actor: Actor) -> bool:
    """Whether a type that stands is not this actor's to change."""
    may = actor.kind == "system" or Permission.APPROVE in actor.permissions
    return bool(kind_before) and state in LIVE_STATES and not may


def answer_kept(question: str, before: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as it is stored: a line of "What we deliver" stays the promise it is (R17)."""
    return carried(before, answer) if question == Question.DELIVERABLE else dict(answer)


def answer_told(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What people wrote of an answer."""
    return {name: value for name, value in answer.items() if name != KEYS}


def readiness_answer(
    *, tenant: Tenant, group_id: int, question: str, answer: Mapping[str, Any], actor: Actor
) -> ReadinessAnswer:
    """Write the answer to one of the six questions or the crisis plan (R4, R25). Safe to repeat.

    Shapes: groups.policies.answers. An incomplete answer is kept; the gate says what it lacks.
    Raises AnswerInvalid, GroupUnknown.
    """
    require(actor, Permission.OPERATE)
    if not answers.is_valid(question, answer):
        raise AnswerInvalid
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        row = ReadinessAnswer.objects.filter(tenant=tenant, group=group, question=question).first()
        before = row.answer if row else {}
        kept = answer_kept(question, before, answer)
        if row is not None and before == kept:
            return row
        row = row or ReadinessAnswer(tenant=tenant, group=group, question=question)
        row.answer, row.answered_by, row.at = kept, actor.name[:128], clock.now()
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="groups.group.answered", target=group,
            changes={question: [answer_told(before), answer_told(row.answer)]},
        )  # fmt: skip
        glance_refresh(tenant=tenant, group_ids=[group.pk])
    return row


def check_approvable(*, tenant: Tenant, code: str, reason: str, review_on: date | None) -> None:
    """Raises ApprovalInvalid unless this check can be let pass like this, ReasonNeeded without a reason."""
    rule = REGISTRY.get(code)
    if rule is None or not rule.is_approvable:
        raise ApprovalInvalid
    if not reason.strip():
        raise ReasonNeeded
    today = clock.local_date(clock.now(), tenant.timezone)
    if code == "UNPAID-01" and (review_on is None or review_on <= today):
        raise ApprovalInvalid(_("Name a day, later than today, to look at this group again."))


def group_approve(
    *, tenant: Tenant, group_id: int, code: str, reason: str, actor: Actor, review_on: date | None = None
) -> Approval:
    """A leader lets one check pass (R7, R128). UNPAID-01 needs a review day ahead (R3). Safe to repeat.

    Raises NotPermitted, ReasonNeeded, ApprovalInvalid, GroupUnknown.
    """
    require(actor, Permission.APPROVE)
    check_approvable(tenant=tenant, code=code, reason=reason, review_on=review_on)
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        row, _made = Approval.objects.update_or_create(
            tenant=tenant,
            group=group,
            code=code,
            defaults={
                "reason": reason.strip()[:500],
                "review_on": review_on,
                "approved_by": actor.name[:128],
                "at": clock.now(),
            },
        )
        audit.record(
            tenant=tenant, actor=actor, verb="groups.group.approved", target=group, reason=reason.strip(),
            changes={code: [None, review_on.isoformat() if review_on else "approved"]},
        )  # fmt: skip
        glance_refresh(tenant=tenant, group_ids=[group.pk])
    return row
