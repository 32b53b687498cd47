"""What one press mends: each entry answers the `quick` of a check (groups.policies.registry)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from groups.enums import Kind, Question, State
from groups.errors import AnswerInvalid, GroupUnknown
from groups.models import Group
from groups.policies import answers
from groups.policies.plan import GroupPlan
from groups.selectors import group_facts
from groups.services.setup import group_edit_plan, group_move, readiness_answer
from tenants.audit import Actor
from tenants.models import Tenant

USUAL_DAYS: dict[str, int] = {Kind.FLASH: 7, Kind.NEW_USER: 33, Kind.DELIVERY: 33}
DEFAULT_DAYS = 33
_ANNOUNCEMENT_LIMIT = 2000


def group_fix(*, tenant: Tenant, group_id: int, what: str, actor: Actor) -> None:
    """Mend one thing about a group, by the same services and permissions as by hand; audited there.

    Safe to repeat. Raises GroupUnknown, AnswerInvalid for an unknown `what`, NotPermitted, StateRefused.
    """
    mend = FIXES.get(what)
    if mend is None:
        raise AnswerInvalid
    group = Group.objects.filter(tenant=tenant, pk=group_id).first()
    if group is None:
        raise GroupUnknown
    plan = group_facts(tenant=tenant, group=group)
    mend(plan, {"tenant": tenant, "group_id": group_id, "actor": actor})


def _week(plan: GroupPlan, common: dict[str, Any]) -> None:
    """As little marketing turned into value as the rules need."""
    week = answers.balanced(answers.week_of(plan.answer(Question.OPERATION)), plan.limits.marketing_percent)
    readiness_answer(**common, question=Question.OPERATION, answer={"week": week})


def _welcome(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The promise, what can be done here, and the request to introduce oneself."""
    positioning = plan.answer(Question.POSITIONING)
    promise = plan.value_proposition or str(positioning.get("outcome", ""))
    actions = str(positioning.get("actions", ""))
    middle = f"{promise}。{actions}。" if actions else f"{promise}。"
    words = _("Welcome. %(middle)s Please introduce yourself first.") % {"middle": middle}
    group_edit_plan(**common, value_proposition=promise, welcome=words)


def _ending(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The usual length of its type, counted from the start."""
    start = plan.starts_on or plan.today
    group_edit_plan(**common, ends_on=start + timedelta(days=USUAL_DAYS.get(plan.kind, DEFAULT_DAYS)))


def _rules(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The rules that stand nowhere yet, under the announcement."""
    shown = f"{plan.welcome}\n{plan.announcement}"
    lines = [
        line
        for line in answers.lines_of(plan.answer(Question.RULES), "lines")
        if line.strip("。；;. ") not in shown
    ]
    if not lines:
        return
    told = [plan.announcement.strip(), _("Group rules:"), *lines]
    group_edit_plan(**common, announcement="\n".join(one for one in told if one)[:_ANNOUNCEMENT_LIMIT])


def _red_lines(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The three usual rules and steps, where nothing is written yet."""
    written = dict(plan.answer(Question.RULES))
    usual = {
        "lines": _(
            "No illegal, obscene or false content\nNo adding members privately\nNo unrelated ads or links"
        ),
        "ladder": _("Warn, mute, remove"),
    }
    answer = {key: written.get(key) or words for key, words in usual.items()}
    readiness_answer(**common, question=Question.RULES, answer=answer)


def _closing(plan: GroupPlan, common: dict[str, Any]) -> None:
    """From running to closing."""
    if plan.state != State.CLOSING:
        group_move(**common, state=State.CLOSING)


FIXES: dict[str, Callable[[GroupPlan, dict[str, Any]], None]] = {
    "week": _week,
    "welcome": _welcome,
    "ending": _ending,
    "rules": _rules,
    "red_lines": _red_lines,
    "closing": _closing,
}
