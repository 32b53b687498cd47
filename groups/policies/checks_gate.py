"""Checks of what a team decides before a group runs: type, six answers, what each type must never do (R1-R4)."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from groups.enums import ContentKind, Kind, PaymentBasis, Question, Severity
from groups.policies import answers
from groups.policies.facts import GroupFacts
from groups.policies.registry import Test, check

# --- Type and the six answers


@check(
    "TYPE-01",
    Severity.BLOCK,
    gettext_lazy("Type"),
    fix=gettext_lazy("Choose a type"),
    anchor="type",
    source="R1",
)
def _type_is_chosen(facts: GroupFacts) -> str | None:
    if not facts.kind:
        return _("No type chosen. The type decides every other check.")
    if facts.kind == Kind.DELIVERY and not facts.sub_kind:
        return _("A delivery group is either learning or service.")
    return None


@check(
    "PAY-01",
    Severity.BLOCK,
    gettext_lazy("Payment basis"),
    fix=gettext_lazy("Choose one"),
    anchor="type",
    source="R1, R3",
)
def _payment_basis_is_chosen(facts: GroupFacts) -> str | None:
    return None if facts.payment_basis else _("It is not said whether members paid to get in.")


def _answered(question: str, message: Callable[[], str]) -> Test:
    def test(facts: GroupFacts) -> str | None:
        return message() if answers.missing(question, facts.answer(question)) else None

    return test


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
    check(_code, Severity.BLOCK, _title, fix=gettext_lazy("Answer"), anchor=_question.value, source="R4")(
        _answered(_question, _message)
    )
check(
    "CRISIS-01",
    Severity.BLOCK,
    gettext_lazy("Crisis plan"),
    fix=gettext_lazy("Write it"),
    anchor="crisis",
    source="R4, R25",
)(_answered(Question.CRISIS, lambda: _("No plan for a complaint storm or a competitor's attack.")))


# --- What each type must never do


@check(
    "FLASH-01",
    Severity.BLOCK,
    gettext_lazy("Flash group ends"),
    fix=gettext_lazy("Set an end"),
    anchor="ending",
    source="R2",
)
def _flash_has_an_end(facts: GroupFacts) -> str | None:
    if facts.kind != Kind.FLASH:
        return None
    if facts.ends_at is None:
        return _("A flash group without an end time cannot go live.")
    if facts.ends_at <= facts.now and not facts.is_live:
        return _("The end time has passed already.")
    return None


@check(
    "FLASH-02",
    Severity.BLOCK,
    gettext_lazy("Flash group is over on time"),
    fix=gettext_lazy("Dissolve it"),
    anchor="ending",
    source="R2",
    live_only=True,
)
def _flash_is_not_overdue(facts: GroupFacts) -> str | None:
    if facts.kind != Kind.FLASH or facts.ends_at is None or facts.ends_at > facts.now:
        return None
    days = (facts.now - facts.ends_at).days
    if days == 0:
        return _("Its end has passed today and members are still in it.")
    return ngettext(
        "%(days)s day past its end and members are still in it.",
        "%(days)s days past its end and members are still in it.",
        days,
    ) % {"days": days}


def _new_user_week(facts: GroupFacts) -> answers.Week | None:
    return answers.week_of(facts.answer(Question.OPERATION)) if facts.kind == Kind.NEW_USER else None


@check(
    "NEW-01",
    Severity.BLOCK,
    gettext_lazy("Not ads only"),
    fix=gettext_lazy("Add value or talk"),
    anchor="operation",
    source="R2, R62",
)
def _new_users_see_more_than_ads(facts: GroupFacts) -> str | None:
    week = _new_user_week(facts)
    if week is None:
        return None
    marketing, planned = answers.mix(week)
    if planned and marketing == planned:
        return _("The whole first week is marketing. A new-user group must never be ads only.")
    return None


@check(
    "NEW-02",
    Severity.BLOCK,
    gettext_lazy("Marketing share"),
    fix=gettext_lazy("Swap for value"),
    anchor="operation",
    source="R2",
)
def _new_users_see_few_ads(facts: GroupFacts) -> str | None:
    week = _new_user_week(facts)
    if week is None:
        return None
    marketing, planned = answers.mix(week)
    limit = facts.limits.marketing_percent
    if planned == 0 or marketing * 100 <= limit * planned:
        return None
    return _("Marketing is %(share)s%% of the first week; at most %(limit)s%%.") % {
        "share": round(100 * marketing / planned),
        "limit": limit,
    }


@check(
    "NEW-03",
    Severity.BLOCK,
    gettext_lazy("Value every day"),
    fix=gettext_lazy("Add one a day"),
    anchor="operation",
    source="R2",
)
def _new_users_get_value_every_day(facts: GroupFacts) -> str | None:
    week = _new_user_week(facts)
    if week is None or answers.mix(week)[1] == 0:
        return None
    bare = sum(not any(kind != ContentKind.MARKETING for kind in day) for day in answers.days_of(week))
    if bare == 0:
        return None
    return ngettext(
        "%(count)s day of the first week has neither value nor interaction.",
        "%(count)s days of the first week have neither value nor interaction.",
        bare,
    ) % {"count": bare}


@check(
    "SUPER-01",
    Severity.BLOCK,
    gettext_lazy("Super-user group stays"),
    fix=gettext_lazy("Give a reason"),
    anchor="ending",
    source="R2",
)
def _super_users_are_not_sent_away(facts: GroupFacts) -> str | None:
    if facts.kind != Kind.SUPER_USER or facts.ends_at is None:
        return None
    if str(facts.answer(Question.ENDING).get("reason", "")).strip():
        return None
    return _("A super-user group lasts; an end date needs a reason.")


@check(
    "DELIV-01",
    Severity.BLOCK,
    gettext_lazy("Promises have a date"),
    fix=gettext_lazy("Write when"),
    anchor="deliverable",
    source="R2, R17",
)
def _promises_have_a_date(facts: GroupFacts) -> str | None:
    if facts.kind != Kind.DELIVERY:
        return None
    lines = [
        one for one in str(facts.answer(Question.DELIVERABLE).get("promises", "")).splitlines() if one.strip()
    ]
    bare = sum(not any(char.isdigit() for char in one) for one in lines)
    if bare == 0:
        return None
    return ngettext(
        "%(count)s promise has no date or number to hold it to.",
        "%(count)s promises have no date or number to hold them to.",
        bare,
    ) % {"count": bare}


@check(
    "UNPAID-01",
    Severity.APPROVAL,
    gettext_lazy("Unpaid and endless"),
    fix=gettext_lazy("Set an end, or ask a leader"),
    anchor="ending",
    source="R3",
)
def _unpaid_groups_end(facts: GroupFacts) -> str | None:
    if facts.payment_basis != PaymentBasis.UNPAID or facts.ends_at is not None:
        return None
    return _(
        "Unpaid and without an end: Moments, an official account or a video account serve better. "
        "A leader may approve it with a day to look again."
    )
