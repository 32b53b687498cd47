"""What one press mends: each entry answers the `quick` of a check (groups.policies.registry)."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.utils.translation import gettext as _

from groups.enums import Kind, Question, State
from groups.errors import AnswerInvalid, GroupUnknown, WordsTooLong
from groups.models import Group
from groups.policies import answers, words
from groups.policies.openings import USUAL_CRISIS
from groups.policies.plan import GroupPlan
from groups.selectors import group_facts
from groups.services.moving import group_move
from groups.services.setup import group_edit_plan, readiness_answer
from tenants.audit import Actor
from tenants.models import Tenant

if TYPE_CHECKING:
    from django.db.models import TextField


def group_fix(*, tenant: Tenant, group_id: int, what: str, actor: Actor) -> None:
    """Mend one thing about a group, by the same services and permissions as by hand; audited there.

    Safe to repeat. Raises GroupUnknown, AnswerInvalid for an unknown `what`, NotPermitted, StateRefused.
    """
    mend = FIXES.get(what)
    if mend is None:
        raise AnswerInvalid
    mend(*_looked_at(tenant, group_id, actor))


def _looked_at(tenant: Tenant, group_id: int, actor: Actor) -> tuple[GroupPlan, dict[str, Any]]:
    """What is known of the group, and what its writes share. Raises GroupUnknown."""
    group = Group.objects.filter(tenant=tenant, pk=group_id).first()
    if group is None:
        raise GroupUnknown
    return group_facts(tenant=tenant, group=group), {"tenant": tenant, "group_id": group_id, "actor": actor}


def _week(plan: GroupPlan, common: dict[str, Any]) -> None:
    """As little marketing turned into value as the rules need; what else was answered stays."""
    answer = plan.answer(Question.OPERATION)
    week = answers.balanced(answers.week_of(answer), plan.limits.marketing_percent)
    readiness_answer(**common, question=Question.OPERATION, answer={**answer, "week": week})


def _welcome(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The promise, what can be done here, and the request to introduce oneself. A person's words stay as they are."""
    positioning = plan.answer(Question.POSITIONING)
    promise = plan.value_proposition.strip() or str(positioning.get("outcome", "")).strip()
    written = plan.welcome.strip()
    if written:
        said = _with_what_lacks(written, promise)
    else:
        actions = str(positioning.get("actions", ""))
        middle = f"{promise}。{actions}。" if actions else f"{promise}。"
        said = _("Welcome. %(middle)s Please introduce yourself first.") % {"middle": middle}
    group_edit_plan(**common, value_proposition=promise, welcome=fitting(said, "welcome"))


def promise_draft(*, tenant: Tenant, group_id: int, actor: Actor) -> None:
    """One sentence of whom the group is for and what they achieve (R5). A person's sentence stays. Safe to repeat.

    Raises GroupUnknown, WordsTooLong, NotPermitted.
    """
    plan, common = _looked_at(tenant, group_id, actor)
    positioning = plan.answer(Question.POSITIONING)
    audience, outcome = (str(positioning.get(key, "")).strip() for key in ("audience", "outcome"))
    if plan.value_proposition.strip() or not outcome:
        return
    said = (
        _("For %(audience)s: %(outcome)s") % {"audience": audience, "outcome": outcome}
        if audience
        else outcome
    )
    group_edit_plan(**common, value_proposition=fitting(said, "value_proposition"))


def _with_what_lacks(written: str, promise: str) -> str:
    """A person's welcome, and under it, each in its own line, what it does not say."""
    lines = [written]
    if promise and promise not in written:
        lines.append(promise)
    if not words.asks_who(written):
        lines.append(_("Please introduce yourself first."))
    return "\n".join(lines)


def fitting(text: str, field: str) -> str:
    """The text, when the field holds it. Raises WordsTooLong: nothing a person wrote is cut off."""
    limit = cast("TextField[str, str]", Group._meta.get_field(field)).max_length or 0
    if len(text) > limit:
        raise WordsTooLong(count=len(text), limit=limit)
    return text


def _ending(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The usual length of its type, counted from the start, and how it ends, where nothing is written yet."""
    if plan.ends_at is None or plan.ends_at <= plan.now:
        start = plan.starts_on or plan.today
        days = plan.limits.flash_days if plan.kind == Kind.FLASH else plan.limits.usual_days
        group_edit_plan(**common, ends_on=start + timedelta(days=days))
    usual = {
        "how": _("Notice three days before, then hand over and dissolve"),
        "next": _(
            "Whoever wants to go on is invited to the next group; the others keep the owner as contact"
        ),
    }
    _write_usual(plan, common, Question.ENDING, usual)


def _crisis(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The usual crisis plan, where nothing is written yet."""
    _write_usual(plan, common, Question.CRISIS, {key: str(text) for key, text in USUAL_CRISIS.items()})


def _write_usual(plan: GroupPlan, common: dict[str, Any], question: str, usual: dict[str, str]) -> None:
    """Words for the parts of an answer that say nothing; a person's words stay."""
    written = dict(plan.answer(question))
    answer = {
        **written,
        **{key: said for key, said in usual.items() if not str(written.get(key, "")).strip()},
    }
    readiness_answer(**common, question=question, answer=answer)


def _rules(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The rules that stand nowhere yet, under the announcement."""
    lines = words.hidden_rules(plan)
    if not lines:
        return
    told = [plan.announcement.strip(), _("Group rules:"), *lines]
    said = "\n".join(one for one in told if one)
    group_edit_plan(**common, announcement=fitting(said, "announcement"))


def _red_lines(plan: GroupPlan, common: dict[str, Any]) -> None:
    """The three usual rules and steps, where nothing is written yet."""
    usual = {
        "lines": _(
            "No illegal, obscene or false content\nNo adding members privately\nNo unrelated ads or links"
        ),
        "ladder": _("Warn, mute, remove"),
    }
    _write_usual(plan, common, Question.RULES, usual)


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
    "crisis": _crisis,
}
