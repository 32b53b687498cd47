"""Approvals (R128): asked with a reason, decided by somebody else, carried out once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from team.enums import APPROVAL_HOURS, ApprovalState, Bucket, NoticeKind, WorkKind, WorkState
from team.errors import ApprovalOver, ApprovalWaits, NoteMissing, NotYourRequest, OwnRequest, ReasonMissing
from team.models import Approval, Staff, WorkItem
from team.selectors.staff import staff_for_user, staff_leads, staff_of_members
from team.services.notices import notify
from team.services.work import register_act, work_item_put
from tenants import audit, clock, preferences
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.roles import PERMISSIONS
from tenants.selectors import member_list
from tenants.services import require
from tenants.spoken import spoken
from tenants.words import Words, facts_of, in_the_companys, say

TO_DECIDE = "team.approval"  # with ":<leader's staff id>": one item for each who may decide
ANSWER = "team.approval_answer"


@dataclass(frozen=True)
class ApprovalKind:
    """`apply(tenant=, wish=, reason=, actor=)` carries it out inside the decision's transaction, as the decider."""

    code: str
    label: Any
    apply: Callable[..., Any]


_kinds: dict[str, ApprovalKind] = {}


def register_approval(code: str, label: Any, apply: Callable[..., Any]) -> None:
    """Let an app above have a kind of thing approved. `label` names it in a list; called at start-up.

    `apply(tenant=, wish=, reason=, actor=)` does what was asked, with what `approval_ask` was given; it may raise a
    DomainError when the matter has moved on: then nothing is decided. It is called once for one approval.
    """
    _kinds[code] = ApprovalKind(code, label, apply)


def approval_kinds() -> list[ApprovalKind]:
    """What can be asked for, in the order of registration."""
    return list(_kinds.values())


def approval_ask(
    *,
    tenant: Tenant,
    kind: str,
    target: str,
    label: Words,
    said: Words,
    wish: Mapping[str, Any],
    reason: str,
    actor: Actor,
    url: str = "",
) -> Approval:
    """Ask for one thing. Whoever may approve finds it under Today.

    `target` names the matter ("group:12"), `label` and `url` show it, `said` tells what would happen (both read
    in each reader's language when tenants.words made them), `wish` (JSON) is handed to the kind. The same wish of the
    same person again is the request that waits. Raises KeyError for an unknown kind, NotPermitted, ReasonMissing,
    ApprovalWaits when something else is asked of this matter already.
    """
    require(actor, Permission.WORK)
    known = _kinds[kind]
    if not reason.strip():
        raise ReasonMissing
    user_id, staff = _person(tenant, actor)
    now = clock.now()
    with transaction.atomic():
        row, made = Approval.objects.get_or_create(
            tenant=tenant, kind=kind, target=target, state=ApprovalState.ASKED,
            defaults={
                "label": in_the_companys(label)[:160], "said": in_the_companys(said)[:300], "url": url,
                "facts": facts_of({"label": label, "said": said}, ("label", "said")), "wish": dict(wish),
                "reason": reason.strip()[:500], "asked_at": now, "asked_by": actor.name[:128],
                "expires_at": now + timedelta(hours=preferences.value(tenant.pk, APPROVAL_HOURS)),
                "asked_user_id": user_id, "asked_staff": staff,
            },
        )  # fmt: skip
        if not made:
            if row.wish == dict(wish) and _is_asker(row, user_id, staff):
                return row
            raise ApprovalWaits
        audit.record(
            tenant=tenant, actor=actor, verb="team.approval.asked", target=row, reason=row.reason,
            changes={"asked": ["", row.said]},
        )  # fmt: skip
        _put_before_leaders(tenant, row, known)
    return row


def _person(tenant: Tenant, actor: Actor) -> tuple[int, Staff | None]:
    """(id of the console login, staff member) behind an actor; 0 and None where there is none."""
    if actor.kind == "user" and actor.id:
        return actor.id, staff_for_user(tenant_id=tenant.pk, user_id=actor.id)
    if actor.kind == "staff" and actor.id:
        staff = Staff.objects.filter(tenant=tenant, pk=actor.id).select_related("membership").first()
        linked = staff.membership if staff else None
        return (linked.user_id if linked else 0), staff
    return 0, None


def _is_asker(row: Approval, user_id: int, staff: Staff | None) -> bool:
    by_login = user_id != 0 and row.asked_user_id == user_id
    return by_login or (staff is not None and row.asked_staff_id == staff.pk)


def _put_before_leaders(tenant: Tenant, row: Approval, kind: ApprovalKind) -> None:
    """One item for each leader but who asked; for everyone where no leader is linked to a staff member."""
    leaders: list[int | None] = [
        one.pk for one in staff_leads(tenant_id=tenant.pk) if one.pk != row.asked_staff_id
    ]
    url = _page(tenant, row)
    for staff_id in leaders or [None]:
        work_item_put(
            tenant_id=tenant.pk, source_kind=f"{TO_DECIDE}:{staff_id or 0}", source_id=row.pk, staff_id=staff_id,
            kind=WorkKind.APPROVAL, bucket=Bucket.MUST, title=say("Decide: %(what)s") % {"what": spoken(row, "label")},
            detail=kind.label, reason=say("%(name)s: %(words)s") % {"name": row.asked_by, "words": row.reason},
            starts_at=row.asked_at, due_at=row.expires_at, url=url, verb_label=say("Decide"),
        )  # fmt: skip
    _tell_approvers(tenant, row, url)


def _tell_approvers(tenant: Tenant, row: Approval, url: str) -> None:
    """Who may approve and is nobody in WeCom has no list of their own: bell and mail tell them."""
    may = [one for one in member_list(tenant=tenant) if Permission.APPROVE in PERMISSIONS[one.role]]
    linked = staff_of_members(tenant_id=tenant.pk, member_ids=[one.pk for one in may])
    notify(
        tenant_id=tenant.pk,
        member_ids=[one.pk for one in may if one.pk not in linked and one.user_id != row.asked_user_id],
        kind=NoticeKind.APPROVAL, url=url, key=f"approval:{row.pk}",
        title=say("Decide: %(what)s") % {"what": spoken(row, "label")},
        detail=say("%(name)s: %(words)s") % {"name": row.asked_by, "words": row.reason},
    )  # fmt: skip


def _page(tenant: Tenant, row: Approval) -> str:
    return f"{reverse('team:approvals', kwargs={'tenant_slug': tenant.slug})}#a-{row.pk}"


def approval_decide(
    *, tenant: Tenant, approval_id: int, is_granted: bool, actor: Actor, note: str = ""
) -> Approval:
    """Grant, which carries it out, or refuse with a note. Happens once, whoever comes second gets ApprovalOver.

    Raises NotPermitted, OwnRequest, NoteMissing, ApprovalOver, Approval.DoesNotExist, and what the kind raises: then
    nothing is decided.
    """
    require(actor, Permission.APPROVE)
    if not is_granted and not note.strip():
        raise NoteMissing
    user_id, staff = _person(tenant, actor)
    with transaction.atomic():
        row = _waiting(tenant, approval_id)
        if row.expires_at <= clock.now():
            raise ApprovalOver
        if _is_asker(row, user_id, staff):
            raise OwnRequest
        if is_granted:
            _kinds[row.kind].apply(tenant=tenant, wish=row.wish, reason=row.reason, actor=actor)
        _close(tenant, row, ApprovalState.GRANTED if is_granted else ApprovalState.REFUSED, actor, note)
    return row


def approval_withdraw(*, tenant: Tenant, approval_id: int, actor: Actor) -> Approval:
    """Take one's own request back. Raises NotYourRequest, ApprovalOver, Approval.DoesNotExist."""
    require(actor, Permission.WORK)
    user_id, staff = _person(tenant, actor)
    with transaction.atomic():
        row = _waiting(tenant, approval_id)
        if not _is_asker(row, user_id, staff):
            raise NotYourRequest
        _close(tenant, row, ApprovalState.WITHDRAWN, actor, "")
    return row


def approvals_expire(*, tenant: Tenant) -> int:
    """Close requests that nobody decided in time; who asked is told. Returns how many. Safe to repeat."""
    with transaction.atomic():
        rows = list(
            Approval.objects.select_for_update(skip_locked=True)
            .filter(tenant=tenant, state=ApprovalState.ASKED, expires_at__lte=clock.now())
            .order_by("pk")
        )
        for row in rows:
            _close(tenant, row, ApprovalState.EXPIRED, SYSTEM, "")
    return len(rows)


def _waiting(tenant: Tenant, approval_id: int) -> Approval:
    row = Approval.objects.select_for_update().get(tenant=tenant, pk=approval_id)
    if row.state != ApprovalState.ASKED:
        raise ApprovalOver
    return row


def _close(tenant: Tenant, row: Approval, state: ApprovalState, actor: Actor, note: str) -> None:
    """End a held request: the trail, the leaders' items, the answer to who asked."""
    row.state, row.note, row.decided_by, row.decided_at = (
        state,
        note.strip()[:500],
        actor.name[:128],
        clock.now(),
    )
    row.save(update_fields=["state", "note", "decided_by", "decided_at"])
    audit.record(
        tenant=tenant, actor=actor, verb=f"team.approval.{state}", target=row, reason=row.note,
        changes={"state": [ApprovalState.ASKED, str(state)]},
    )  # fmt: skip
    WorkItem.objects.filter(tenant=tenant, source_kind__startswith=f"{TO_DECIDE}:", source_id=row.pk).exclude(
        state__in=[WorkState.DONE, WorkState.CANCELLED]
    ).update(state=WorkState.DONE, done_at=row.decided_at, done_by=actor.name[:128], snoozed_until=None)
    if state == ApprovalState.WITHDRAWN:
        return
    answered = {"answer": state.label, "what": spoken(row, "label")}
    if row.asked_staff_id is None:  # asked in the console by somebody who is nobody in WeCom
        asker = [one.pk for one in member_list(tenant=tenant) if one.user_id == row.asked_user_id]
        notify(
            tenant_id=tenant.pk, member_ids=asker, kind=NoticeKind.APPROVAL, key=f"approval:{row.pk}:{state}",
            title=say("%(answer)s: %(what)s") % answered, detail=row.note, url=row.url or _page(tenant, row),
        )  # fmt: skip
        return
    work_item_put(
        tenant_id=tenant.pk, source_kind=ANSWER, source_id=row.pk, staff_id=row.asked_staff_id,
        kind=WorkKind.APPROVAL, bucket=Bucket.REMIND, title=say("%(answer)s: %(what)s") % answered,
        reason=say("%(name)s: %(words)s") % {"name": row.decided_by, "words": row.note} if row.note else row.decided_by,
        url=row.url or _page(tenant, row), verb_label=say("Open"),
    )  # fmt: skip


def _refuse_shortcut(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """Ticking the item off decides nothing: it goes with the decision."""
    raise ApprovalWaits(_("Open the request and grant or refuse it; then it leaves the list."))


register_act(TO_DECIDE, _refuse_shortcut)
