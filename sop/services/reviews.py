"""The review after a run (R57): it falls due by itself, reminds until it is done, and goes into the next version."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from console.shell import tenant_url
from sop.enums import VersionState
from sop.enums.reviews import REVIEW_DAYS, REVIEW_REF, Decision, ItemKind, ItemState, ReviewState
from sop.errors import ReasonMissing, ReviewEmpty, ReviewFixed, ReviewNotDone
from sop.models import Review, ReviewItem, Run, Version
from sop.selectors.reviews import is_reviewed, run_lead
from sop.services.answers import settle
from sop.services.templates import version_draft
from team.enums import NoticeKind
from team.services import work_item_close, work_item_put
from team.services.notices import notify
from tenants import audit, clock, preferences
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require
from tenants.words import say

if TYPE_CHECKING:
    from tenants.models import Tenant

REMIND_EVERY = timedelta(hours=24)


def review_open(*, tenant: "Tenant", run: Run) -> Review | None:
    """The review of a run that ended, with its task on Today. Safe to repeat; None for runs that need none."""
    if not is_reviewed(run):
        return None
    days = preferences.value(tenant.pk, REVIEW_DAYS)
    review, is_new = Review.objects.get_or_create(
        tenant=tenant, run=run, defaults={"due_at": clock.now() + timedelta(days=days)}
    )
    if is_new:
        _task_put(tenant, review)
    return review


def _task_put(tenant: "Tenant", review: Review) -> None:
    lead = run_lead(tenant=tenant, run=review.run)
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=REVIEW_REF,
        source_id=review.pk,
        staff_id=lead.pk if lead else None,
        kind="check",
        bucket="must",
        title=say("Look back at “%(run)s”") % {"run": review.run.name},
        detail=say("What to keep, what to improve, and what becomes of the plan."),
        reason=say("A review falls due after every run"),
        rule_code="SOP-REVIEW",
        due_at=review.due_at,
        url=tenant_url(tenant, "sop:review", pk=review.run_id),
        verb_label=say("Review"),
    )


def review_act_check(*, tenant: "Tenant", source_id: int, verb: str) -> None:
    """Its task is not ticked: a decision closes it. Raises ReviewNotDone."""
    review = Review.objects.filter(tenant=tenant, pk=source_id).first()
    if verb == "done" and review is not None and review.state != ReviewState.DONE:
        raise ReviewNotDone


def reviews_remind(*, tenant: "Tenant") -> int:
    """Tell the lead once a day of a review past its day, until it is done. Returns how many were told. Repeatable."""
    now = clock.now()
    told = 0
    with transaction.atomic():
        rows = Review.objects.select_for_update(of=("self",), skip_locked=True).filter(
            tenant=tenant, state=ReviewState.DUE, due_at__lte=now
        )
        for review in rows.select_related("run__version__template").order_by("pk"):
            told += _remind(tenant, review, now)
    return told


def _remind(tenant: "Tenant", review: Review, now: datetime) -> int:
    if review.reminded_at is not None and now - review.reminded_at < REMIND_EVERY:
        return 0
    review.reminders, review.reminded_at = review.reminders + 1, now
    review.save(update_fields=["reminders", "reminded_at"])
    _task_put(tenant, review)
    lead = run_lead(tenant=tenant, run=review.run)
    if lead is not None and lead.is_active:
        notify(
            tenant_id=tenant.pk, staff_ids=[lead.pk], kind=NoticeKind.REMINDER,
            key=f"{REVIEW_REF}:{review.pk}:{review.reminders}",
            title=say("Look back at “%(run)s”") % {"run": review.run.name},
            detail=say("Its review is due. What to keep, what to improve, and what becomes of the plan."),
            url=tenant_url(tenant, "sop:review", pk=review.run_id),
        )  # fmt: skip
    return 1


def _held(tenant: "Tenant", review_id: int) -> Review:
    """A review that may still change, held. Raises ReviewFixed."""
    rows = Review.objects.select_for_update(of=("self",)).select_related("next_version")
    review = rows.get(tenant=tenant, pk=review_id)
    if review.next_version is not None and review.next_version.state == VersionState.PUBLISHED:
        raise ReviewFixed
    return review


def review_item_add(
    *, tenant: "Tenant", review_id: int, kind: str, text: str, actor: Actor, step_key: str = ""
) -> ReviewItem:
    """Note a point. Not safe to repeat. Raises ReasonMissing for empty words, ReviewFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    if not text.strip():
        raise ReasonMissing
    with transaction.atomic():
        review = _held(tenant, review_id)
        item = ReviewItem.objects.create(
            tenant=tenant,
            review=review,
            kind=ItemKind(kind),
            text=text.strip()[:300],
            step_key=step_key,
            created_by=actor.name[:64],
        )
        audit.record(tenant=tenant, actor=actor, verb="sop.review.noted", target=item)
    return item


def review_item_remove(*, tenant: "Tenant", review_id: int, item_id: int, actor: Actor) -> None:
    """Take a point out. Safe to repeat. Raises ReviewFixed, NotPermitted."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        review = _held(tenant, review_id)
        item = ReviewItem.objects.filter(tenant=tenant, review=review, pk=item_id).first()
        if item is not None:
            audit.record(tenant=tenant, actor=actor, verb="sop.review.struck", target=item)
            item.delete()


def review_finish(*, tenant: "Tenant", review_id: int, decision: str, summary: str, actor: Actor) -> Review:
    """Take the decision: the review is done and its task closes. Said again, the later word holds.

    Raises ReviewEmpty, ReviewFixed, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        review = _held(tenant, review_id)
        if not ReviewItem.objects.filter(tenant=tenant, review=review).exists():
            raise ReviewEmpty
        before = review.decision
        review.decision, review.summary = Decision(decision), summary.strip()
        review.state, review.done_at, review.done_by = ReviewState.DONE, clock.now(), actor.name[:64]
        review.save(update_fields=["decision", "summary", "state", "done_at", "done_by"])
        work_item_close(
            tenant_id=tenant.pk, source_kind=REVIEW_REF, source_id=review.pk, state="done", by=actor.name
        )
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.review.done",
            target=review,
            changes={"decision": [before, review.decision]},
        )
    return review


def review_to_draft(*, tenant: "Tenant", review_id: int, actor: Actor) -> Version:
    """Open the draft that answers the review: the template's present one, or a new one from its newest version.

    Safe to repeat. Raises ReviewFixed, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        review = _held(tenant, review_id)
        if review.next_version is not None:
            return review.next_version
        versions = Version.objects.filter(tenant=tenant, template=review.run.version.template)
        draft = versions.filter(state=VersionState.DRAFT).first()
        if draft is None:
            newest = versions.filter(state=VersionState.PUBLISHED).order_by("-number")[0]
            reason = _("Review of “%(run)s”") % {"run": review.run.name}
            draft = version_draft(tenant=tenant, version_id=newest.pk, reason=reason, actor=actor)
        review.next_version = draft
        review.save(update_fields=["next_version"])
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.review.answered",
            target=review,
            changes={"version": [None, f"v{draft.number}"]},
        )
    return draft


def review_item_settle(
    *, tenant: "Tenant", item_id: int, state: str, reason: str, actor: Actor
) -> ReviewItem:
    """Say of a point that the draft answers it, leaves it (with a reason), or that it is open again. Safe to repeat.

    Raises ReviewItem.DoesNotExist, ReasonMissing, ReviewFixed, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    rows = ReviewItem.objects.filter(tenant=tenant, pk=item_id)
    with transaction.atomic():
        # The review before its point, as whoever takes the point out does.
        _held(tenant, rows.values_list("review_id", flat=True).get())
        item = rows.select_for_update(of=("self",)).get()
        if state == ItemState.LEFT and not reason.strip():
            raise ReasonMissing
        before = item.state
        settle(item, ItemState(state), reason, actor.name)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.review.settled",
            target=item,
            changes={"state": [before, item.state]},
            reason=item.settle_reason,
        )
    return item
