"""Reads of reviews: whose they are, what their points became, and what the numbers of the run said (R57)."""

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet

from sop.enums import TemplateKind, TouchState
from sop.enums.reviews import ItemKind, ItemState
from sop.models import Review, ReviewItem, Run, RunGroup, Step, Touch, Version
from sop.policies import plan
from sop.selectors.differences import versions_differ
from sop.selectors.execution import Execution, execution_rate
from sop.selectors.results import Result, results_by
from team.selectors import staff_by_id, staff_for_user
from tenants.models import AuditEntry

if TYPE_CHECKING:
    from team.models import Staff
    from tenants.models import Tenant

NOT_REVIEWED = frozenset({TemplateKind.WEEK})  # a week of the push table is no camp


def is_reviewed(run: Run) -> bool:
    """Whether a review falls due after this run."""
    return run.version.template.kind not in NOT_REVIEWED


def run_lead(*, tenant: "Tenant", run: Run) -> "Staff | None":
    """Whose the run is: the staff member who started it, else the one who owns most of its groups; None: anyone's."""
    entry = AuditEntry.objects.filter(
        tenant=tenant, verb="sop.run.started", target_kind="sop.run", target_id=str(run.pk), actor_kind="user"
    ).first()
    if entry is not None and entry.actor_id is not None:
        found = staff_for_user(tenant_id=tenant.pk, user_id=entry.actor_id)
        if found is not None:
            return found
    owners = Counter(
        RunGroup.objects.filter(tenant=tenant, run=run, group__owner__isnull=False)
        .order_by("group__owner")
        .values_list("group__owner", flat=True)
    )
    if not owners:
        return None
    return staff_by_id(tenant_id=tenant.pk, staff_ids=[owners.most_common(1)[0][0]]).popitem()[1]


def review_of(*, tenant: "Tenant", run: Run) -> Review | None:
    """A run's review with the version that answers it, or None before the run's end."""
    return Review.objects.filter(tenant=tenant, run=run).select_related("next_version").first()


def changed_keys(version: Version) -> frozenset[str]:
    """Keys of the steps that a version changed, added or took out against the one it was started from."""
    if version.parent is None:
        return frozenset(Step.objects.filter(version=version).values_list("key", flat=True))
    return frozenset(versions_differ(before=version.parent, after=version).steps)


@dataclass(frozen=True)
class Proposal:
    """A point to improve beside the draft. `is_changed`: its step differs already from the version before."""

    item: ReviewItem
    step: Step | None
    is_changed: bool

    @property
    def is_settled(self) -> bool:
        return self.is_changed or self.item.state != ItemState.OPEN


def items_of(review: Review, kind: ItemKind) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(tenant=review.tenant_id, review=review, kind=kind).order_by("pk")


def proposals_of(version: Version) -> list[Proposal]:
    """The points to improve that a version answers, in the order they were noted. Five queries, one for none."""
    items = list(
        ReviewItem.objects.filter(
            tenant_id=version.tenant_id, review__next_version=version, kind=ItemKind.IMPROVE
        )
        .select_related("review__run")
        .order_by("review", "pk")
    )
    if not items:
        return []
    changed = changed_keys(version)
    steps = {one.key: one for one in Step.objects.filter(tenant_id=version.tenant_id, version=version)}
    return [Proposal(one, steps.get(one.step_key), one.step_key in changed) for one in items]


@dataclass(frozen=True)
class ReviewNumbers:
    """What a run's numbers say. `blocked`: (rule, touches); `talks`: of carried-out touches, those that were talk."""

    total: Execution
    blocked: list[tuple[str, int]]
    steps: list[tuple[Execution, Result | None]]
    broadcasts: int
    talks: int

    @property
    def only_broadcasts(self) -> bool:
        return bool(self.broadcasts) and not self.talks


def review_numbers(*, tenant: "Tenant", run: Run) -> ReviewNumbers:
    """A constant number of queries."""
    results = {one.key: one for one in results_by(tenant=tenant, run=run, by="step")}
    steps = execution_rate(tenant_id=tenant.pk, by="step", run_ids=[run.pk])
    blocked = (
        Touch.objects.filter(tenant=tenant, run=run, state=TouchState.BLOCKED)
        .values_list("rule_code")
        .annotate(count=Count("pk"))
        .order_by("-count", "rule_code")
    )
    done = Touch.objects.filter(
        tenant=tenant, run=run, state__in=[TouchState.SUBMITTED, TouchState.CONFIRMED]
    )
    carried_out = list(done.order_by("pk").values_list("step_id", flat=True))
    planned = {
        pk: one.to_plan() for pk, one in Step.objects.filter(tenant=tenant).in_bulk(set(carried_out)).items()
    }
    broadcasts, talks = plan.talk_counts(planned[one] for one in carried_out)
    return ReviewNumbers(
        total=execution_rate(tenant_id=tenant.pk, run_ids=[run.pk])[0],
        blocked=list(blocked),
        steps=[(one, results.get(one.key)) for one in steps if one.due or one.blocked],
        broadcasts=broadcasts,
        talks=talks,
    )
