"""The ledger of breaches (R9): recorded by a person, followed by a step that a person carries out in WeCom."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from groups.enums import MUTE_FROM, REMOVE_FROM, LadderStep, Seen, ViolationState
from groups.errors import ReasonNeeded, ViolationInvalid
from groups.models import Group, Member, Violation
from groups.policies import ladder, pictures
from groups.selectors.violations import norms_agreed, standing, was_told_kindly
from groups.services.setup import locked_group
from team.enums import Bucket, WorkKind, WorkState
from team.services import work_item_close, work_item_put, work_items_close
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say, say_each

SOURCE = "groups.violation"


def step_proposed(*, tenant_id: int, group_id: int, userid: str, rule: str = "") -> LadderStep:
    """The next step of the ladder for this member in this group. Five queries at most.

    About what members agreed on, a friendly word comes first, once.
    """
    is_norm = bool(rule) and rule in norms_agreed(tenant_id=tenant_id, group_id=group_id)
    own = preferences.values(tenant_id, MUTE_FROM, REMOVE_FROM)
    return ladder.proposed(
        earlier=standing(tenant_id=tenant_id, userid=userid).get(group_id, 0),
        mute_from=own[MUTE_FROM.key],
        remove_from=own[REMOVE_FROM.key],
        is_kind_first=is_norm and not was_told_kindly(tenant_id=tenant_id, group_id=group_id, userid=userid),
    )


def next_words(
    *, tenant_id: int, group: Group, userid: str, name: str, rule: str, step: str
) -> dict[str, Any]:
    """What stands against a member, what is proposed now and its words; `step` "": the one proposed.

    Keys: who, here, elsewhere, proposed, step, words, and kind_words: the friendly ones, while nothing stands against
    the member here.
    """
    before = standing(tenant_id=tenant_id, userid=userid)
    proposed = step_proposed(tenant_id=tenant_id, group_id=group.pk, userid=userid, rule=rule)
    chosen = LadderStep(step) if step in LadderStep.values else proposed
    here = before.get(group.pk, 0)
    is_first = here == 0 and chosen != LadderStep.KIND and bool(rule)
    return {
        "who": name, "here": here, "elsewhere": sum(before.values()) - here, "proposed": proposed, "step": chosen,
        "words": ladder.words(chosen, name=name, rule=rule) if rule else "",
        "kind_words": ladder.words(LadderStep.KIND, name=name, rule=rule) if is_first else "",
    }  # fmt: skip


def violation_record(
    *,
    tenant: Tenant,
    group_id: int,
    userid: str,
    rule: str,
    actor: Actor,
    evidence: str = "",
    evidence_url: str = "",
    picture: bytes = b"",
    step: str = "",
    happened_at: datetime | None = None,
) -> Violation:
    """Record a breach and put its step before the group's owner. `step` "": the one the ladder proposes.

    What shows it: words, a link, or the bytes of a PNG or JPEG of at most 5 MB; a friendly word needs none.

    WeCom has no call that mutes or removes a member of a customer group (PROTOCOL 3.5), so a person does it.
    Not safe to repeat: each call is one more breach. Raises ViolationInvalid, GroupUnknown.
    """
    require(actor, Permission.WORK)
    if not rule.strip():
        raise ViolationInvalid
    if step and step not in LadderStep.values:
        raise ViolationInvalid
    if evidence_url.strip() and not evidence_url.strip().startswith(("https://", "http://")):
        raise ViolationInvalid(_("A link begins with https://."))
    kind = _picture_kind(picture)
    now = clock.now()
    with transaction.atomic():
        group = locked_group(tenant, group_id)
        member = _member(tenant, group, userid)
        if member is None or (happened_at or now) > now:
            raise ViolationInvalid
        proposed = step_proposed(
            tenant_id=tenant.pk, group_id=group.pk, userid=userid, rule=rule.strip()[:200]
        )
        is_kind = (step or proposed) == LadderStep.KIND
        if not is_kind and not (evidence.strip() or evidence_url.strip() or picture):
            raise ViolationInvalid
        row = Violation.objects.create(
            tenant=tenant, group=group, userid=userid, customer_id=member.customer_id, rule=rule.strip()[:200],
            evidence=evidence.strip()[:1000], evidence_url=evidence_url.strip()[:300],
            picture=picture, picture_type=kind,
            happened_at=happened_at or now, step=step or proposed, proposed=proposed,
            recorded_at=now, recorded_by=actor.name[:128],
        )  # fmt: skip
        audit.record(
            tenant=tenant, actor=actor, target=group,
            verb="groups.kind_word.asked" if is_kind else "groups.violation.recorded",
            changes={"step": [None, row.step], "rule": [None, row.rule]},
        )  # fmt: skip
        _ask(tenant, group, row)
    return row


def _picture_kind(picture: bytes) -> str:
    kind = pictures.picture_type(picture)
    if picture and not kind:
        raise ViolationInvalid(_("Only a PNG or JPEG picture can be kept as evidence."))
    if len(picture) > pictures.LARGEST_BYTES:
        raise ViolationInvalid(_("The picture is larger than 5 MB. Cut out what matters and try again."))
    return kind


def _member(tenant: Tenant, group: Group, userid: str) -> Member | None:
    rows = Member.objects.filter(tenant=tenant, group=group, userid=userid, is_staff=False)
    return rows.select_related("customer").order_by("-joined_at").first()


def _ask(tenant: Tenant, group: Group, row: Violation) -> None:
    member = _member(tenant, group, row.userid)
    name = str(row.customer or "") or (member.nickname if member else "") or row.userid
    is_kind = row.step == LadderStep.KIND
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=SOURCE,
        source_id=row.pk,
        staff_id=group.owner_id,
        group_id=group.pk,
        kind=WorkKind.CHECK if is_kind else WorkKind.ALERT,
        bucket=Bucket.REMIND if is_kind else Bucket.MUST,
        title=say("%(step)s: %(name)s in %(group)s")
        % {"step": LadderStep(row.step).label, "name": name, "group": group},
        detail=say_each(lambda: ladder.how_to(row.step)),
        script=ladder.words(row.step, name=name, rule=row.rule),
        reason=(say("About: %(rule)s") if is_kind else say("Broke the rule: %(rule)s")) % {"rule": row.rule},
        rule_code="R130" if is_kind else "R9",
        due_at=clock.day_bounds(clock.local_date(row.recorded_at, tenant.timezone), tenant.timezone)[1],
        url=_place(tenant, group),
    )


def _place(tenant: Tenant, group: Group) -> str:
    return f"{reverse('groups:detail', args=[tenant.slug, group.pk])}?tab=violations"


def violation_settle(
    *, tenant: Tenant, violation_id: int, is_done: bool, actor: Actor, from_item: bool = False
) -> Violation:
    """The step was carried out, or was not after all. Safe to repeat. Raises ViolationInvalid.

    `from_item`: said on the work item itself, which then opens and closes with it.
    """
    require(actor, Permission.WORK)
    with transaction.atomic():
        row = _locked(tenant, violation_id)
        wanted = ViolationState.DONE if is_done else ViolationState.OPEN
        if row.state == wanted:
            return row
        if row.state == ViolationState.UNDONE:
            raise ViolationInvalid
        _settle(row, wanted, by=actor.name, seen=Seen.PERSON)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.violation.settled", target=row.group,
            changes={"state": [ViolationState.OPEN if is_done else ViolationState.DONE, wanted]},
        )  # fmt: skip
        if is_done:
            work_item_close(
                tenant_id=tenant.pk, source_kind=SOURCE, source_id=row.pk, state=WorkState.DONE, by=actor.name
            )
        elif not from_item:
            _ask(tenant, row.group, row)
    return row


def _settle(row: Violation, state: str, *, by: str, seen: str) -> None:
    is_done = state == ViolationState.DONE
    row.state = state
    row.done_at, row.done_by, row.seen = (clock.now(), by[:128], seen) if is_done else (None, "", "")
    row.save(update_fields=["state", "done_at", "done_by", "seen"])


def violation_undo(*, tenant: Tenant, violation_id: int, reason: str, actor: Actor) -> Violation:
    """Take a breach back: it stays in the record and no longer counts. Safe to repeat. Raises ReasonNeeded."""
    require(actor, Permission.WORK)
    if not reason.strip():
        raise ReasonNeeded
    with transaction.atomic():
        row = _locked(tenant, violation_id)
        if row.state == ViolationState.UNDONE:
            return row
        before, row.state = row.state, ViolationState.UNDONE
        row.undone_at, row.undone_by, row.undo_reason = (
            clock.now(),
            actor.name[:128],
            reason.strip()[:200],
        )
        row.save(update_fields=["state", "undone_at", "undone_by", "undo_reason"])
        work_item_close(
            tenant_id=tenant.pk,
            source_kind=SOURCE,
            source_id=row.pk,
            state=WorkState.CANCELLED,
            by=actor.name,
        )
        audit.record(
            tenant=tenant, actor=actor, verb="groups.violation.undone", target=row.group, reason=reason.strip(),
            changes={"state": [before, ViolationState.UNDONE]},
        )  # fmt: skip
    return row


def _locked(tenant: Tenant, violation_id: int) -> Violation:
    rows = (
        Violation.objects.select_for_update(of=("self",)).select_related("group", "customer").defer("picture")
    )
    row = rows.filter(tenant=tenant, pk=violation_id).first()
    if row is None:
        raise ViolationInvalid
    return row


def removals_seen(*, tenant_id: int, group_ids: Iterable[int]) -> int:
    """Members of these groups left: open removals of those who sit there no more are done. Safe to repeat."""
    wanted = set(group_ids)
    with transaction.atomic():
        rows = Violation.objects.select_for_update(of=("self",)).filter(
            tenant_id=tenant_id, group_id__in=wanted, step=LadderStep.REMOVE, state=ViolationState.OPEN
        )
        waiting = list(rows.defer("picture").order_by("pk"))
        if not waiting:
            return 0
        seated: set[Any] = set(
            Member.objects.filter(
                tenant_id=tenant_id,
                group_id__in=wanted,
                left_at=None,
                userid__in=[row.userid for row in waiting],
            ).values_list("group_id", "userid")
        )
        gone = [row for row in waiting if (row.group_id, row.userid) not in seated]
        for row in gone:
            _settle(row, ViolationState.DONE, by="WeCom", seen=Seen.WECOM)
        work_items_close(
            tenant_id=tenant_id, source_kind=SOURCE, source_ids=[row.pk for row in gone], state=WorkState.DONE,
            by="WeCom",
        )  # fmt: skip
    return len(gone)
