"""Checks of a plan day by day: an SOP version before it is published, a group's week before it comes (R2, R54, R61)."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groups.enums import PLAN_DAYS, Cites, ContentKind, Context, Kind, Severity
from groups.policies import rhythm
from groups.policies.plan import GroupPlan, Limits
from groups.policies.reference import PLANNED_DAYS, planned, running
from groups.policies.registry import Fault, check, fault

PLANS = frozenset({Context.PUBLISH, Context.WEEK})
_EMPTY_WEEK = ((),) * PLAN_DAYS
SELLS_LEAST = 3  # fewer offers alone say nothing of a plan yet
ADS_DAYS = ((ContentKind.MARKETING.value,),) * PLAN_DAYS


@check(
    "SUPER-07",
    Severity.BLOCK,
    gettext_lazy("No week is empty"),
    fix=gettext_lazy("Plan something in that week"),
    anchor="operation",
    rule="R2, R16",
    cites=(Cites.FOUR_TYPES,),
    contexts=frozenset({Context.PUBLISH}),
    bad=planned("super_user", days=PLANNED_DAYS + _EMPTY_WEEK),
    good=planned("super_user", days=PLANNED_DAYS + _EMPTY_WEEK[1:]),
)
def _no_week_is_empty(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.SUPER_USER or plan.days is None:
        return None
    empty = next((one for one in rhythm.spans(plan.days) if not one.kinds), None)
    if empty is None:
        return None
    return fault(
        _("Nothing is planned for days %(first)s to %(last)s. A super-user group must never be neglected."),
        first=empty.first,
        last=empty.last,
    )


@check(
    "MIX-02",
    Severity.WARN,
    gettext_lazy("Not selling only"),
    fix=gettext_lazy("Add value or talk"),
    anchor="operation",
    rule="R62",
    cites=(Cites.TEN_THOUSAND, Cites.AARRR, Cites.FOUR_TYPES),
    contexts=PLANS,
    bad=planned("flash", days=ADS_DAYS[:SELLS_LEAST]),
    good=planned("flash", days=ADS_DAYS[: SELLS_LEAST - 1]),
)
def _does_more_than_sell(plan: GroupPlan) -> Fault | None:
    """Any group; that of new users is refused by NEW-01."""
    if plan.kind == Kind.NEW_USER or plan.days is None:
        return None
    worst = rhythm.most_marketing(rhythm.spans(plan.days))
    if worst is None or worst.marketing < max(len(worst.kinds), SELLS_LEAST):
        return None
    return fault(
        _(
            "Days %(first)s to %(last)s hold nothing but marketing. Who only hears offers stops reading, or leaves."
        ),
        first=worst.first,
        last=worst.last,
    )


@check(
    "RHYTHM-01",
    Severity.WARN,
    gettext_lazy("Not bombarded"),
    fix=gettext_lazy("Move some to another day"),
    anchor="operation",
    rule="R54, R61",
    cites=(Cites.TEN_THOUSAND, Cites.BURST),
    contexts=PLANS,
    bad=planned(days=PLANNED_DAYS, posts=(3, 7), limits=Limits(posts_a_day=6)),
    good=planned(days=PLANNED_DAYS, posts=(3, 6), limits=Limits(posts_a_day=6)),
)
def _no_day_bombards(plan: GroupPlan) -> Fault | None:
    most = max(plan.posts, default=0)
    if most <= plan.limits.posts_a_day:
        return None
    return fault(
        _("Day %(day)s posts %(count)s messages to the group; at most %(limit)s a day go out."),
        day=plan.posts.index(most) + 1,
        count=most,
        limit=plan.limits.posts_a_day,
    )


@check(
    "PLAN-02",
    Severity.WARN,
    gettext_lazy("No day is left empty"),
    fix=gettext_lazy("Fill the empty days"),
    anchor="operation",
    rule="R61",
    cites=(Cites.TEN_THOUSAND,),
    contexts=frozenset({Context.WEEK}),
    bad=running(week_ahead=6, days=(*PLANNED_DAYS[1:], ())),
    good=running(week_ahead=7, days=PLANNED_DAYS),
)
def _no_day_is_empty(plan: GroupPlan) -> Fault | None:
    if plan.days is None or not any(plan.days):
        return None  # PLAN-01 and SUPER-02 speak of a week without anything
    thin = rhythm.thin_days(plan.days, plan.limits.day_items)
    if not thin:
        return None
    return fault(
        ngettext(
            "%(count)s of the %(all)s days has fewer than %(least)s planned item: day %(days)s.",
            "%(count)s of the %(all)s days have fewer than %(least)s planned items: days %(days)s.",
            len(thin),
        ),
        count=len(thin),
        all=len(plan.days),
        least=plan.limits.day_items,
        days=", ".join(map(str, thin)),
    )
