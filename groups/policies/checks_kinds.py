"""Checks of what a type owes its members once it is planned in earnest or runs (R2, R16, R17)."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groups.enums import Cites, Context, Kind, Question, Severity, Side, State
from groups.policies.plan import GroupPlan
from groups.policies.reference import DAY, NOW, TODAY, planned, running
from groups.policies.registry import GATE, RUNNING, Fault, check, fault

WEEKLY = frozenset({Context.WEEK, Context.NIGHTLY})
_POSITIONING = dict(planned("super_user").answer(Question.POSITIONING))


@check(
    "FLASH-03",
    Severity.WARN,
    gettext_lazy("Flash group is short"),
    fix=gettext_lazy("End it sooner"),
    anchor="ending",
    rule="R2",
    cites=(Cites.FOUR_TYPES,),
    bad=planned("flash", starts_on=TODAY, ends_at=NOW + 8 * DAY),
    good=planned("flash", starts_on=TODAY, ends_at=NOW + 7 * DAY),
    contexts=GATE | {Context.PUBLISH},
)
def _flash_is_short(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.FLASH or plan.ends_at is None:
        return None
    days = (plan.ends_at.date() - (plan.starts_on or plan.today)).days
    if days <= plan.limits.flash_days:
        return None
    return fault(
        _("It runs for %(days)s days; a flash group should end within %(limit)s."),
        days=days,
        limit=plan.limits.flash_days,
    )


@check(
    "SUPER-02",
    Severity.WARN,
    gettext_lazy("Super-users are not neglected"),
    fix=gettext_lazy("Plan the week"),
    anchor="operation",
    rule="R2, R16",
    opens="week",
    cites=(Cites.FOUR_TYPES,),
    contexts=WEEKLY,
    bad=running("super_user", week_ahead=0),
    good=running("super_user", week_ahead=1),
)
def _super_users_have_a_week(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.SUPER_USER or plan.week_ahead != 0:
        return None
    return fault(_("Nothing is planned for the next 7 days. A super-user group must never be neglected."))


@check(
    "SUPER-03",
    Severity.WARN,
    gettext_lazy("Three super-users in ten"),
    fix=gettext_lazy("Invite to balance it"),
    anchor="positioning",
    rule="R16",
    opens="super",
    cites=(Cites.FOUR_TYPES,),
    contexts=RUNNING,
    bad=running("super_user", customer_count=100, super_count=36),
    good=running("super_user", customer_count=100, super_count=30),
)
def _super_users_are_mixed(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.SUPER_USER or plan.super_count is None or plan.customer_count == 0:
        return None
    limits = plan.limits
    off = abs(100 * plan.super_count - limits.super_percent * plan.customer_count)
    if off <= limits.super_band * plan.customer_count:
        return None
    return fault(
        _("%(count)s of %(customers)s are super-users; it should be %(share)s%% ± %(band)s points."),
        count=plan.super_count,
        customers=plan.customer_count,
        share=limits.super_percent,
        band=limits.super_band,
    )


@check(
    "SUPER-04",
    Severity.BLOCK,
    gettext_lazy("By invitation only"),
    fix=gettext_lazy("Take it off the code"),
    anchor="positioning",
    rule="R16",
    opens="codes",
    cites=(Cites.FOUR_TYPES,),
    bad=planned("super_user", open_codes=1),
    good=planned("super_user"),
)
def _super_users_are_invited(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.SUPER_USER or plan.open_codes == 0:
        return None
    return fault(
        ngettext(
            "%(count)s group code lets anyone in. A super-user group is joined by invitation only.",
            "%(count)s group codes let anyone in. A super-user group is joined by invitation only.",
            plan.open_codes,
        ),
        count=plan.open_codes,
    )


@check(
    "SUPER-05",
    Severity.BLOCK,
    gettext_lazy("Who qualifies"),
    fix=gettext_lazy("Write the rule"),
    anchor="positioning",
    rule="R16",
    cites=(Cites.FOUR_TYPES,),
    bad=planned("super_user", answers={"positioning": {**_POSITIONING, "screening": " "}}),
    good=planned("super_user"),
)
def _screening_is_said(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.SUPER_USER or _says(plan, "screening"):
        return None
    return fault(_("Not said who qualifies as a super-user; every customer should be able to read it."))


@check(
    "SUPER-06",
    Severity.BLOCK,
    gettext_lazy("What super-users get"),
    fix=gettext_lazy("Write the benefits"),
    anchor="positioning",
    rule="R16",
    cites=(Cites.FOUR_TYPES,),
    bad=planned("super_user", answers={"positioning": {**_POSITIONING, "benefits": ""}}),
    good=planned("super_user"),
)
def _benefits_are_said(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.SUPER_USER or _says(plan, "benefits"):
        return None
    return fault(_("Not said what super-users get; an invitation names it."))


def _says(plan: GroupPlan, key: str) -> bool:
    return bool(str(plan.answer(Question.POSITIONING).get(key, "")).strip())


def _gap_is_red(plan: GroupPlan) -> bool:
    return plan.promises_open * 100 > plan.limits.promise_gap_percent * plan.promises_due


@check(
    "DELIV-02",
    Severity.WARN,
    gettext_lazy("Promises kept on time"),
    fix=gettext_lazy("Keep what is overdue"),
    anchor="deliverable",
    rule="R17",
    opens="promises",
    cites=(Cites.FOUR_TYPES,),
    contexts=RUNNING,
    bad=running("learning", promises_due=10, promises_open=1),
    good=running("learning", promises_due=10),
)
def _no_promise_is_overdue(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.DELIVERY or plan.promises_open == 0 or _gap_is_red(plan):
        return None
    return fault(
        ngettext(
            "%(open)s of %(due)s promises due is not kept yet.",
            "%(open)s of %(due)s promises due are not kept yet.",
            plan.promises_open,
        ),
        open=plan.promises_open,
        due=plan.promises_due,
    )


@check(
    "DELIV-03",
    Severity.BLOCK,
    gettext_lazy("No more promised than delivered"),
    fix=gettext_lazy("Keep what is overdue"),
    anchor="deliverable",
    rule="R2, R17",
    opens="promises",
    cites=(Cites.FOUR_TYPES,),
    contexts=RUNNING,
    bad=running("service", promises_due=10, promises_open=2),
    good=running("service", promises_due=10, promises_open=1),
)
def _the_gap_is_small(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.DELIVERY or plan.promises_open == 0 or not _gap_is_red(plan):
        return None
    return fault(
        _(
            "%(open)s of %(due)s promises due are not kept, more than %(limit)s%%. More was promised than delivered."
        ),
        open=plan.promises_open,
        due=plan.promises_due,
        limit=plan.limits.promise_gap_percent,
    )


@check(
    "PLAN-01",
    Severity.WARN,
    gettext_lazy("Next week is planned"),
    fix=gettext_lazy("Plan the week"),
    anchor="operation",
    rule="R12, R61",
    opens="week",
    cites=(Cites.TEN_THOUSAND,),
    contexts=WEEKLY,
    bad=running(week_ahead=0),
    good=running(week_ahead=1),
)
def _the_week_is_planned(plan: GroupPlan) -> Fault | None:
    is_over_soon = plan.ends_at is not None and plan.ends_at <= plan.now
    if plan.kind == Kind.SUPER_USER or plan.state == State.CLOSING or is_over_soon or plan.week_ahead != 0:
        return None
    return fault(_("Nothing is planned for the next 7 days."))


@check(
    "MIX-01",
    Severity.WARN,
    gettext_lazy("New and old customers are kept apart"),
    fix=gettext_lazy("Lead the code to a new-customer group"),
    anchor="type",
    rule="R15",
    opens="codes",
    cites=(Cites.AARRR,),
    bad=planned("super_user", side="old", newcomer_codes=1),
    good=planned("super_user", side="old", newcomer_codes=0),
)
def _newcomers_do_not_land_among_old_customers(plan: GroupPlan) -> Fault | None:
    if plan.side != Side.OLD or not plan.newcomer_codes:
        return None
    return fault(
        ngettext(
            "%(count)s code of a channel that brings newcomers leads into this group of old customers.",
            "%(count)s codes of channels that bring newcomers lead into this group of old customers.",
            plan.newcomer_codes,
        ),
        count=plan.newcomer_codes,
    )
