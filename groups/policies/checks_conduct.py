"""Checks of purpose, rules, welcome, and of how a running group lives (R5, R6, R9, R11, R13, R26)."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from groups.enums import Cites, Context, Kind, Question, Severity, State
from groups.policies import answers, names, words
from groups.policies.plan import GroupPlan
from groups.policies.reference import DAY, NOW, planned, running
from groups.policies.registry import RUNNING, Fault, check, fault

_RULES = dict(planned().answer(Question.RULES))
_POSITIONING = dict(planned().answer(Question.POSITIONING))
_SIDES = {
    "age": pgettext_lazy("audience", "Age"), "gender": pgettext_lazy("audience", "Gender"),
    "interests": pgettext_lazy("audience", "Interests"), "occupation": pgettext_lazy("audience", "Occupation"),
    "spending": pgettext_lazy("audience", "Spending habits"),
}  # fmt: skip
_STEP_MARKS = str.maketrans(dict.fromkeys("、，,；;/→>", "\n"))


@check(
    "POS-01",
    Severity.WARN,
    gettext_lazy("Purpose"),
    fix=gettext_lazy("Choose one"),
    anchor="type",
    rule="R1, R5",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(purpose=""),
    good=planned(),
)
def _purpose_is_chosen(plan: GroupPlan) -> Fault | None:
    return None if plan.purpose else fault(_("Not said what the group is for: keep, serve, sell or show."))


@check(
    "POS-02",
    Severity.NOTE,
    gettext_lazy("Audience from five sides"),
    fix=gettext_lazy("Say the others"),
    anchor="positioning",
    rule="R5",
    cites=(Cites.TEN_THOUSAND,),
    contexts=frozenset({Context.GO_LIVE}),
    bad=planned(answers={"positioning": {**_POSITIONING, "occupation": " ", "spending": ""}}),
    good=planned(),
)
def _the_audience_is_said_from_its_sides(plan: GroupPlan) -> Fault | None:
    answer = plan.answer(Question.POSITIONING)
    unsaid = [str(_SIDES[side]) for side in answers.AUDIENCE_SIDES if not str(answer.get(side, "")).strip()]
    if not unsaid or answers.missing(Question.POSITIONING, answer):
        return None
    return fault(_("Not said of the people it is for: %(sides)s."), sides=_(", ").join(unsaid))


@check(
    "ROLE-01",
    Severity.WARN,
    gettext_lazy("Owner sits in it"),
    fix=gettext_lazy("Hand it over"),
    anchor="management",
    rule="R6, R7",
    cites=(Cites.TEN_THOUSAND,),
    contexts=RUNNING,
    opens="owner",
    bad=running(owner_sits_in=False),
    good=running(owner_sits_in=True),
)
def _the_owner_sits_in(plan: GroupPlan) -> Fault | None:
    if plan.owner_sits_in is not False:
        return None
    return fault(_("Its owner is not among the staff in the group. Hand it over in WeCom."))


@check(
    "RULES-01",
    Severity.WARN,
    gettext_lazy("Rules are published"),
    fix=gettext_lazy("Put them into the announcement"),
    anchor="welcome",
    rule="R9",
    cites=(Cites.TEN_THOUSAND,),
    quick="rules",
    bad=planned(announcement="每晚 20:00 带读。"),
    good=planned(),
)
def _rules_are_published(plan: GroupPlan) -> Fault | None:
    hidden = len(words.hidden_rules(plan))
    if hidden == 0:
        return None
    return fault(
        ngettext(
            "%(hidden)s of %(all)s rules stands neither in the announcement nor in the welcome.",
            "%(hidden)s of %(all)s rules stand neither in the announcement nor in the welcome.",
            hidden,
        ),
        hidden=hidden,
        all=len(answers.lines_of(plan.answer(Question.RULES), "lines")),
    )


@check(
    "RULES-02",
    Severity.WARN,
    gettext_lazy("Steps after a breach"),
    fix=gettext_lazy("Write every step"),
    anchor="rules",
    rule="R9",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(answers={"rules": {**_RULES, "ladder": "警告、移出"}}),
    good=planned(),
)
def _the_ladder_has_steps(plan: GroupPlan) -> Fault | None:
    ladder = str(plan.answer(Question.RULES).get("ladder", "")).translate(_STEP_MARKS)
    steps = len([step for step in ladder.splitlines() if step.strip()])
    if steps == 0 or steps >= plan.limits.ladder_steps:
        return None
    return fault(
        _("A breach has %(steps)s of %(least)s steps: warn, mute, remove."),
        steps=steps,
        least=plan.limits.ladder_steps,
    )


@check(
    "RULES-03",
    Severity.WARN,
    gettext_lazy("Rules are specific"),
    fix=gettext_lazy("Say what is not allowed"),
    anchor="rules",
    rule="R9",
    cites=(Cites.TEN_THOUSAND,),
    bad=planned(answers={"rules": {**_RULES, "lines": "文明友善"}}, announcement="文明友善"),
    good=planned(answers={"rules": {**_RULES, "lines": "不私加成员"}}, announcement="不私加成员"),
)
def _rules_are_specific(plan: GroupPlan) -> Fault | None:
    lines = answers.lines_of(plan.answer(Question.RULES), "lines")
    vague = [line for line in lines if names.length(words.bare(line)) < plan.limits.rule_characters]
    if not vague:
        return None
    return fault(_("“%(rule)s” is too vague to be held to."), rule=vague[0])


@check(
    "BASE-07",
    Severity.WARN,
    gettext_lazy("Welcome asks who they are"),
    fix=gettext_lazy("Write it from positioning"),
    anchor="welcome",
    rule="R11, R20",
    cites=(Cites.TEN_THOUSAND, Cites.AARRR),
    quick="welcome",
    bad=planned(welcome="欢迎。30 天养成听读习惯。"),
    good=planned(),
)
def _the_welcome_asks_who_they_are(plan: GroupPlan) -> Fault | None:
    if not plan.welcome.strip() or words.asks_who(plan.welcome):
        return None
    return fault(_("The welcome does not ask new members to introduce themselves."))


@check(
    "LIFE-01",
    Severity.WARN,
    gettext_lazy("First week is alive"),
    fix=gettext_lazy("Start a talk"),
    anchor="operation",
    rule="R13",
    opens="week",
    cites=(Cites.AARRR,),
    contexts=RUNNING,
    bad=running(goes_live_at=NOW - 3 * DAY, last_message_at=NOW - timedelta(hours=48, seconds=1)),
    good=running(goes_live_at=NOW - 3 * DAY, last_message_at=NOW - timedelta(hours=48)),
)
def _the_first_week_is_alive(plan: GroupPlan) -> Fault | None:
    if plan.goes_live_at is None or not plan.sees_messages or plan.customer_count == 0:
        return None
    if plan.now - plan.goes_live_at > timedelta(days=plan.limits.first_days):
        return None
    since = max(plan.goes_live_at, plan.last_message_at or plan.goes_live_at)
    if plan.now - since <= timedelta(hours=plan.limits.first_silent_hours):
        return None
    return fault(
        _(
            "No customer has written for %(hours)s hours in its first %(days)s days; a group can die in a week."
        ),
        hours=int((plan.now - since).total_seconds() // 3600),
        days=plan.limits.first_days,
    )


@check(
    "LIFE-02",
    Severity.WARN,
    gettext_lazy("Ends as planned"),
    fix=gettext_lazy("Start closing it"),
    anchor="ending",
    rule="R13",
    cites=(Cites.AARRR, Cites.FOUR_TYPES),
    contexts=RUNNING,
    quick="closing",
    bad=running(ends_at=NOW),
    good=running(ends_at=NOW + timedelta(seconds=1)),
)
def _it_ends_as_planned(plan: GroupPlan) -> Fault | None:
    if plan.kind == Kind.FLASH or plan.state == State.CLOSING or plan.ends_at is None:
        return None
    if plan.ends_at > plan.now:
        return None
    return fault(_("Its end has passed and it still runs. Close it, or set a new end."))


@check(
    "AD-01",
    Severity.WARN,
    gettext_lazy("Not an ad group"),
    fix=gettext_lazy("Plan value and talk"),
    anchor="operation",
    rule="R26",
    opens="week",
    cites=(Cites.FOUR_TYPES, Cites.AARRR),
    contexts=RUNNING,
    bad=running(sent=10, sent_marketing=6, spoken=40, spoken_before=60),
    good=running(sent=10, sent_marketing=6, spoken=60, spoken_before=60),
)
def _it_is_no_ad_group(plan: GroupPlan) -> Fault | None:
    is_mostly_ads = plan.sent_marketing * 100 > plan.limits.ad_percent * plan.sent
    if not is_mostly_ads or plan.spoken >= plan.spoken_before:
        return None
    return fault(
        _(
            "%(ads)s of %(sent)s messages this week were marketing, and customers wrote less: "
            "%(spoken)s after %(before)s."
        ),
        ads=plan.sent_marketing,
        sent=plan.sent,
        spoken=plan.spoken,
        before=plan.spoken_before,
    )


@check(
    "AD-02",
    Severity.WARN,
    gettext_lazy("No place for others' ads"),
    fix=gettext_lazy("See who posts them"),
    anchor="rules",
    rule="R26",
    opens="silent",
    cites=(Cites.FOUR_TYPES, Cites.AARRR),
    contexts=RUNNING,
    bad=running(outsider_ads=6, spoken=40, spoken_before=60),
    good=running(outsider_ads=5, spoken=40, spoken_before=60),
)
def _outsiders_do_not_advertise(plan: GroupPlan) -> Fault | None:
    ads = plan.outsider_ads
    if ads is None or ads <= plan.limits.outsider_ads or plan.spoken >= plan.spoken_before:
        return None
    return fault(
        _(
            "Members posted %(ads)s links, cards or mini-programs this week, and customers wrote less: "
            "%(spoken)s after %(before)s."
        ),
        ads=ads,
        spoken=plan.spoken,
        before=plan.spoken_before,
    )
