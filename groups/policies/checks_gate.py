"""Checks of what a team decides before a group runs: type, six answers, what each type must never do (R1-R4)."""

from collections.abc import Callable
from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from groups.enums import Cites, Kind, PaymentBasis, Question, Severity, Slot
from groups.policies import answers, endplan, rhythm
from groups.policies.plan import GroupPlan
from groups.policies.reference import ADS_WEEK, GOOD_WEEK, NOW, planned, running
from groups.policies.registry import CONTENT, RUNNING, Fault, Test, check, fault

_ONE_BARE_DAY = {
    **GOOD_WEEK,
    Slot.MORNING.value: ["", *GOOD_WEEK["morning"][1:]],
    Slot.EVENING.value: ["", *GOOD_WEEK["evening"][1:]],
}

# --- Type and the six answers


@check(
    "TYPE-01",
    Severity.BLOCK,
    gettext_lazy("Type"),
    fix=gettext_lazy("Choose a type"),
    anchor="type",
    rule="R1",
    cites=(Cites.FOUR_TYPES,),
    bad=planned(kind="delivery"),
    good=planned("learning"),
)
def _type_is_chosen(plan: GroupPlan) -> Fault | None:
    if not plan.kind:
        return fault(_("No type chosen. The type decides every other check."))
    if plan.kind == Kind.DELIVERY and not plan.sub_kind:
        return fault(_("A delivery group is either learning or service."))
    return None


@check(
    "PAY-01",
    Severity.BLOCK,
    gettext_lazy("Payment basis"),
    fix=gettext_lazy("Choose one"),
    anchor="type",
    rule="R1, R3",
    cites=(Cites.FOUR_TYPES,),
    bad=planned(payment_basis=""),
    good=planned(),
)
def _payment_basis_is_chosen(plan: GroupPlan) -> Fault | None:
    return None if plan.payment_basis else fault(_("It is not said whether members paid to get in."))


def _answered(question: str, message: Callable[[], str]) -> Test:
    def test(plan: GroupPlan) -> Fault | None:
        return fault(message()) if answers.missing(question, plan.answer(question)) else None

    return test


_FIXES = {"READY-04": gettext_lazy("Use the usual rules"), "READY-06": gettext_lazy("Fill in the usual end")}
_QUICK = {"READY-04": "red_lines", "READY-06": "ending"}
for _code, _question, _title, _message in (
    (
        "READY-01",
        Question.POSITIONING,
        gettext_lazy("Positioning"),
        lambda: _("Not said for whom and what for."),
    ),
    (
        "READY-02",
        Question.OPERATION,
        gettext_lazy("How we operate"),
        lambda: _("The first week has no content planned."),
    ),
    (
        "READY-03",
        Question.DELIVERABLE,
        gettext_lazy("What we deliver"),
        lambda: _("No promise written down."),
    ),
    (
        "READY-04",
        Question.RULES,
        gettext_lazy("Group rules"),
        lambda: _("Rules or what follows a breach are missing."),
    ),
    (
        "READY-05",
        Question.MANAGEMENT,
        gettext_lazy("Management"),
        lambda: _("Not said who sets rules and settles disputes."),
    ),
    (
        "READY-06",
        Question.ENDING,
        gettext_lazy("How it ends"),
        lambda: _("Not said how it ends and where members go next."),
    ),
):
    check(
        _code, Severity.BLOCK, _title, fix=_FIXES.get(_code, pgettext_lazy("verb", "Answer")), anchor=_question.value,
        rule="R4", quick=_QUICK.get(_code, ""), cites=(Cites.FOUR_TYPES,),
        bad=planned(answers={_question.value: {}}), good=planned(),
    )(_answered(_question, _message))  # fmt: skip
check(
    "CRISIS-01",
    Severity.BLOCK,
    gettext_lazy("Crisis plan"),
    fix=gettext_lazy("Use the usual plan"),
    anchor="crisis",
    rule="R4, R25",
    quick="crisis",
    cites=(Cites.FOUR_TYPES,),
    bad=planned(answers={"crisis": {}}),
    good=planned(),
)(_answered(Question.CRISIS, lambda: _("No plan for a complaint storm or a competitor's attack.")))


# --- What each type must never do


@check(
    "FLASH-01",
    Severity.BLOCK,
    gettext_lazy("Flash group ends"),
    fix=gettext_lazy("Set an end"),
    anchor="ending",
    rule="R2",
    cites=(Cites.FOUR_TYPES,),
    bad=planned("flash", ends_at=None),
    good=planned("flash"),
    quick="ending",
)
def _flash_has_an_end(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.FLASH:
        return None
    if plan.ends_at is None:
        return fault(_("A flash group without an end time cannot go live."))
    if plan.ends_at <= plan.now and not plan.is_live:
        return fault(_("The end time has passed already."))
    return None


@check(
    "FLASH-02",
    Severity.BLOCK,
    gettext_lazy("Flash group is over on time"),
    fix=gettext_lazy("Start closing it"),
    quick="closing",
    anchor="ending",
    rule="R2",
    cites=(Cites.FOUR_TYPES,),
    bad=running("flash", ends_at=NOW),
    good=running("flash", ends_at=NOW + timedelta(seconds=1)),
    contexts=RUNNING,
)
def _flash_is_not_overdue(plan: GroupPlan) -> Fault | None:
    if plan.ends_at is None or not endplan.is_overdue(kind=plan.kind, ends_at=plan.ends_at, now=plan.now):
        return None
    days = (plan.now - plan.ends_at).days
    if days == 0:
        return fault(_("Its end has passed today and members are still in it."))
    return fault(
        ngettext(
            "%(days)s day past its end and members are still in it.",
            "%(days)s days past its end and members are still in it.",
            days,
        ),
        days=days,
    )


def _new_user_days(plan: GroupPlan) -> list[tuple[str, ...]]:
    """Its planned days; [] for other types and while nothing is planned."""
    days = rhythm.content_days(plan) if plan.kind == Kind.NEW_USER else []
    return days if any(days) else []


@check(
    "NEW-01",
    Severity.BLOCK,
    gettext_lazy("Not ads only"),
    fix=gettext_lazy("Add value or talk"),
    anchor="operation",
    rule="R2, R62",
    cites=(Cites.FOUR_TYPES,),
    bad=planned(answers={"operation": {"week": ADS_WEEK}}),
    good=planned(),
    contexts=CONTENT,
    quick="week",
)
def _new_users_see_more_than_ads(plan: GroupPlan) -> Fault | None:
    worst = rhythm.most_marketing(rhythm.spans(_new_user_days(plan)))
    if worst is None or worst.marketing < len(worst.kinds):
        return None
    if plan.days is None:
        return fault(_("The whole first week is marketing. A new-user group must never be ads only."))
    return fault(
        _("Days %(first)s to %(last)s hold nothing but marketing. A new-user group must never be ads only."),
        first=worst.first,
        last=worst.last,
    )


@check(
    "NEW-02",
    Severity.BLOCK,
    gettext_lazy("Marketing share"),
    fix=gettext_lazy("Swap for value"),
    anchor="operation",
    rule="R2",
    cites=(Cites.FOUR_TYPES,),
    bad=planned(answers={"operation": {"week": {**GOOD_WEEK, "evening": ADS_WEEK["evening"]}}}),
    good=planned(),
    contexts=CONTENT,
    quick="week",
)
def _new_users_see_few_ads(plan: GroupPlan) -> Fault | None:
    worst = rhythm.most_marketing(rhythm.spans(_new_user_days(plan)))
    limit = plan.limits.marketing_percent
    if worst is None or worst.marketing * 100 <= limit * len(worst.kinds):
        return None
    share = round(100 * worst.marketing / len(worst.kinds))
    if plan.days is None:
        return fault(
            _("Marketing is %(share)s%% of the first week; at most %(limit)s%%."), share=share, limit=limit
        )
    return fault(
        _("Marketing is %(share)s%% of days %(first)s to %(last)s; at most %(limit)s%%."),
        share=share,
        limit=limit,
        first=worst.first,
        last=worst.last,
    )


@check(
    "NEW-03",
    Severity.BLOCK,
    gettext_lazy("Value every day"),
    fix=gettext_lazy("Add one a day"),
    anchor="operation",
    rule="R2",
    cites=(Cites.FOUR_TYPES,),
    bad=planned(answers={"operation": {"week": _ONE_BARE_DAY}}),
    good=planned(),
    contexts=CONTENT,
    quick="week",
)
def _new_users_get_value_every_day(plan: GroupPlan) -> Fault | None:
    bare = rhythm.bare_days(_new_user_days(plan))
    if not bare:
        return None
    if plan.days is None:
        return fault(
            ngettext(
                "%(count)s day of the first week has neither value nor interaction.",
                "%(count)s days of the first week have neither value nor interaction.",
                len(bare),
            ),
            count=len(bare),
        )
    return fault(
        ngettext(
            "%(count)s day has neither value nor interaction: day %(days)s.",
            "%(count)s days have neither value nor interaction: days %(days)s.",
            len(bare),
        ),
        count=len(bare),
        days=", ".join(map(str, bare)),
    )


@check(
    "SUPER-01",
    Severity.BLOCK,
    gettext_lazy("Super-user group stays"),
    fix=gettext_lazy("Give a reason"),
    anchor="ending",
    rule="R2",
    cites=(Cites.FOUR_TYPES,),
    bad=planned("super_user", ends_at=NOW),
    good=planned("super_user"),
)
def _super_users_are_not_sent_away(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.SUPER_USER or plan.ends_at is None:
        return None
    if str(plan.answer(Question.ENDING).get("reason", "")).strip():
        return None
    return fault(_("A super-user group lasts; an end date needs a reason."))


@check(
    "DELIV-01",
    Severity.BLOCK,
    gettext_lazy("Promises have a date"),
    fix=gettext_lazy("Write when"),
    anchor="deliverable",
    rule="R2, R17",
    cites=(Cites.FOUR_TYPES,),
    bad=planned("learning", answers={"deliverable": {"promises": "用心服务"}}),
    good=planned("learning"),
)
def _promises_have_a_date(plan: GroupPlan) -> Fault | None:
    if plan.kind != Kind.DELIVERY:
        return None
    lines = answers.lines_of(plan.answer(Question.DELIVERABLE), "promises")
    bare = sum(not any(char.isdigit() for char in one) for one in lines)
    if bare == 0:
        return None
    return fault(
        ngettext(
            "%(count)s promise has no date or number to hold it to.",
            "%(count)s promises have no date or number to hold them to.",
            bare,
        ),
        count=bare,
    )


@check(
    "UNPAID-01",
    Severity.APPROVAL,
    gettext_lazy("Unpaid and endless"),
    fix=gettext_lazy("Set an end, or ask a leader"),
    anchor="ending",
    rule="R3",
    cites=(Cites.FOUR_TYPES,),
    bad=planned(payment_basis="unpaid", ends_at=None),
    good=planned(payment_basis="unpaid"),
)
def _unpaid_groups_end(plan: GroupPlan) -> Fault | None:
    if plan.payment_basis != PaymentBasis.UNPAID or plan.ends_at is not None:
        return None
    return fault(
        _(
            "Unpaid and without an end: Moments, an official account or a video account serve better. "
            "A leader may approve it with a day to look again."
        )
    )
