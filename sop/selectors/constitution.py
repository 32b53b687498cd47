"""What the constitution of groups says of an SOP version, for the type of group it is written for (R2, R62)."""

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from groups.enums import ContentKind, Context
from groups.policies.checks import Finding, evaluate
from groups.policies.plan import GroupPlan, Limits
from groups.policies.rhythm import NORMS
from groups.selectors.facts import limits_of
from sop.enums import BESIDE_A_CAMP, GROUP_CHANNELS, SILENT_CHANNELS, ContentType
from sop.policies import structure_kinds, structure_links
from sop.policies.plan import PlanStep
from sop.policies.structure import Flaw, Shape, flaws
from tenants import clock

if TYPE_CHECKING:
    from sop.models import Version
    from tenants.models import Tenant

_KINDS: dict[str, str] = {
    ContentType.NORMS: NORMS,
    ContentType.VALUE: ContentKind.VALUE.value,
    ContentType.CARE: ContentKind.VALUE.value,
    ContentType.TOPIC: ContentKind.TALK.value,
    ContentType.ACTIVITY: ContentKind.TALK.value,
}


def content_kind(content_type: str, *, is_marketing: bool) -> str:
    """What a message counts as in the content mix: a groups.enums.ContentKind, or norms."""
    return (
        ContentKind.MARKETING.value if is_marketing else _KINDS.get(content_type, ContentKind.MARKETING.value)
    )


def plan_of_steps(
    *, tenant: "Tenant", steps: Iterable[PlanStep], last_day: int, kind: str, limits: Limits
) -> GroupPlan:
    """A version as the constitution sees it, as if it began today in a group of this type. No query.

    Moments and work among colleagues are left out: they reach nobody's phone. Steps without a day, such as those of
    a join, too.
    """
    now = clock.now()
    wall = clock.local(now, tenant.timezone)
    days: list[list[str]] = [[] for _day in range(last_day)]
    posts = [0] * last_day
    for step in steps:
        if step.day is None or not 1 <= step.day <= last_day or step.channel in SILENT_CHANNELS:
            continue
        days[step.day - 1].append(content_kind(step.content_type, is_marketing=step.is_marketing))
        posts[step.day - 1] += step.channel in GROUP_CHANNELS
    return GroupPlan(
        now=now, today=wall.date(), kind=kind, starts_on=wall.date(),
        ends_at=wall + timedelta(days=last_day), days=tuple(map(tuple, days)), posts=tuple(posts),
        limits=limits,
    )  # fmt: skip


def judged(
    *, tenant: "Tenant", version: "Version", steps: Iterable[PlanStep], kinds: Iterable[str]
) -> list[Finding]:
    """What the version breaks in groups of any of these types, each check once, worst first. One query.

    What goes on beside a camp is not the group's week: the camp answers for that.
    """
    if version.template.kind in BESIDE_A_CAMP:
        return []
    every, last_day = list(steps), version.days + version.after_days
    limits = limits_of(tenant_id=tenant.pk)
    found: dict[str, Finding] = {}
    for kind in sorted(set(kinds)):
        plan = plan_of_steps(tenant=tenant, steps=every, last_day=last_day, kind=kind, limits=limits)
        for one in evaluate(plan, Context.PUBLISH):
            found.setdefault(one.code, one)
    return sorted(found.values(), key=lambda one: not one.stops)


STRUCTURE_CHECKS = (structure_kinds, structure_links)  # they register themselves


def structure_flaws(version: "Version", steps: Iterable[PlanStep]) -> list[Flaw]:
    """What the version lacks that its kind of template cannot do without (R42 to R48, R89)."""
    return flaws(Shape(version.template.kind, tuple(steps), tuple(version.phases)))
