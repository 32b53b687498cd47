"""Reads of templates, versions, their checks and what changed between two of them."""

from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Prefetch, QuerySet, Subquery

from contacts.enums import CAP_PER_DAY, CAP_PER_WEEK, QUIET_FROM, QUIET_UNTIL
from sop.enums import (
    GROUP_MASS_A_DAY,
    HIDDEN_KINDS,
    STAFF_MINUTES_A_DAY,
    VALUE_SHARE_MIN,
    RunState,
    TemplateKind,
    VersionState,
)
from sop.models import Run, Step, Template, Version
from sop.policies import plan
from tenants import preferences

if TYPE_CHECKING:
    from tenants.models import Tenant

COMPARED = (
    "title", "anchor", "day", "at", "offset_minutes", "window_minutes", "channel", "replace_channel", "text",
    "role", "audience", "on_block", "catch_up", "mark", "is_marketing", "cost_minutes", "on", "trigger_tag",
    "trigger_count", "trigger_kind", "trigger_object", "trigger_hours", "trigger_step", "repeats", "parts",
)  # fmt: skip

# In a crisis nobody carries several groups.
GROUPS_EACH: dict[str, int] = {TemplateKind.CRISIS: 1}


@dataclass(frozen=True)
class StepChange:
    """One line of a version's difference. `kind`: "new", "changed" or "gone"; `fields` those that differ."""

    kind: str
    step: Step
    before: Step | None = None
    fields: tuple[str, ...] = ()


def template_list(*, tenant: "Tenant") -> QuerySet[Template]:
    """Templates in use, newest first, each with `versions` (newest first) and `running` runs."""
    running = (
        Run.objects.filter(version__template=OuterRef("pk"), state=RunState.RUNNING)
        .order_by()
        .values("version__template")
        .annotate(count=Count("pk"))
        .values("count")
    )
    versions = Version.objects.annotate(step_count=Count("steps")).order_by("-number")
    return (
        Template.objects.filter(tenant=tenant, archived_at=None)
        .exclude(kind__in=HIDDEN_KINDS)
        .prefetch_related(Prefetch("versions", queryset=versions))
        .annotate(running=Subquery(running))
        .order_by("-created_at")
    )


def version_get(*, tenant: "Tenant", version_id: int) -> Version:
    """A version with its template. Raises Version.DoesNotExist."""
    return Version.objects.select_related("template", "parent").get(tenant=tenant, pk=version_id)


def version_list(*, tenant: "Tenant", template_id: int) -> QuerySet[Version]:
    """A template's versions, newest first; `is_older`: another was published after it."""
    newer = Version.objects.filter(
        tenant=tenant,
        template=OuterRef("template"),
        state=VersionState.PUBLISHED,
        number__gt=OuterRef("number"),
    )
    rows = Version.objects.filter(tenant=tenant, template_id=template_id)
    return rows.annotate(is_older=Exists(newer)).order_by("-number")


def version_list_usable(*, tenant: "Tenant") -> QuerySet[Version]:
    """Published versions that a run may pin, the newest of each template first."""
    return (
        Version.objects.filter(tenant=tenant, state=VersionState.PUBLISHED, template__archived_at=None)
        .exclude(template__kind__in=HIDDEN_KINDS)
        .select_related("template")
        .order_by("template__name", "-number")
    )


def step_list(*, version: Version) -> list[Step]:
    """Steps in the order they happen; countdown steps stand on the day the offer ends."""
    rows = Step.objects.filter(tenant_id=version.tenant_id, version=version)
    return sorted(rows, key=lambda step: order_key(version, step))


def order_key(version: Version, step: Step) -> tuple[int, time, int, int]:
    """Day, time, priority, id. Joins come before day 1."""
    planned = step.to_plan(offer_day=version.offer_day, offer_at=version.offer_at)
    return (planned.day or 0, planned.at or time.min, step.priority, step.pk)


def limits_for(tenant_id: int, *, groups_each: int = 3) -> plan.Limits:
    """The tenant's numbers that a plan is measured by. One query."""
    own = preferences.values(
        tenant_id, CAP_PER_DAY, CAP_PER_WEEK, QUIET_FROM, QUIET_UNTIL, GROUP_MASS_A_DAY, STAFF_MINUTES_A_DAY,
        VALUE_SHARE_MIN,
    )  # fmt: skip
    return plan.Limits(
        messages_a_day=own[CAP_PER_DAY.key],
        messages_a_week=own[CAP_PER_WEEK.key],
        mass_a_group_and_day=own[GROUP_MASS_A_DAY.key],
        staff_minutes_a_day=own[STAFF_MINUTES_A_DAY.key],
        value_share_percent=own[VALUE_SHARE_MIN.key],
        quiet_from=own[QUIET_FROM.key],
        quiet_until=own[QUIET_UNTIL.key],
        groups_each=groups_each,
    )


def plan_steps(version: Version, steps: list[Step] | None = None) -> list[plan.PlanStep]:
    """A version's steps as the plan rules see them."""
    rows = steps if steps is not None else step_list(version=version)
    return [row.to_plan(offer_day=version.offer_day, offer_at=version.offer_at) for row in rows]


def version_checks(version: Version, steps: list[Step] | None = None) -> list[plan.Finding]:
    """What stands in the way of publishing, blocking findings first."""
    return plan.check(
        plan_steps(version, steps),
        last_day=version.days + version.after_days,
        limits=limits_for(version.tenant_id, groups_each=GROUPS_EACH.get(version.template.kind, 3)),
        is_camp=version.template.kind == TemplateKind.CAMP,
    )


def version_diff(*, version: Version) -> list[StepChange]:
    """What the version changed against the one it was started from; empty for a first version."""
    if version.parent_id is None:
        return []
    before = {
        step.key: step
        for step in Step.objects.filter(tenant_id=version.tenant_id, version_id=version.parent_id)
    }
    now = {step.key: step for step in step_list(version=version)}
    changes = [StepChange("new", step) for key, step in now.items() if key not in before]
    for key, step in now.items():
        if key in before:
            fields = tuple(name for name in COMPARED if getattr(step, name) != getattr(before[key], name))
            if fields:
                changes.append(StepChange("changed", step, before[key], fields))
    changes += [StepChange("gone", step) for key, step in before.items() if key not in now]
    return changes
