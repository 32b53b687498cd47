"""Sensitive words in what steps say: found while a version is written, and once more before each message is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from content.policies.sensitive import Word, find, refused
from content.policies.wording import ALIASES, names_in, render
from content.selectors.proofs import Shown, unproved
from content.selectors.sensitive import Told, told, words_of
from sop.policies.plan import PlanStep
from sop.selectors.texts import values_of
from tenants.words import Words, say, say_list
from wecom.keeping.assets import asset_ids_in

if TYPE_CHECKING:
    from content.enums import ProofProblem
    from sop.models import PushSlot, Step, Touch
    from tenants.models import Tenant

WORDS_RULE, FACT_RULE, PROMISE_RULE = "WORDS-01", "FACT-02", "VAR-03"
SHOWN = 5


@dataclass(frozen=True)
class StepWords:
    """A sensitive word of one step: where it stands, and the word in words."""

    key: str
    title: str
    hit: Told


def words_in_steps(*, tenant: "Tenant", steps: Iterable[PlanStep]) -> list[StepWords]:
    """Sensitive words of a version's steps and of the conversations they leave behind, in their order. One query."""
    words = words_of(tenant)
    return [
        StepWords(step.key, step.title, one)
        for step in steps
        for one in told(find(f"{step.text}\n{step.talk_text}", words))
    ]


def unproved_in(
    *, tenant: "Tenant", rows: "Sequence[Step] | Sequence[PushSlot]"
) -> "list[tuple[Step | PushSlot, ProofProblem]]":
    """Steps or slots that show a testimonial which may not be shown there now, and why. One query, a second where one
    does."""
    shown: list[tuple[Step | PushSlot, Shown]] = [(row, shown_by(row, row.channel)) for row in rows]
    problems = unproved(tenant=tenant, shown=[one for _row, one in shown])
    return [(row, problems[one]) for row, one in shown if one in problems]


@dataclass(frozen=True)
class Judged:
    """What the words of a touch say about it: the rule that stops it and why, or the words it goes out with although
    the list warns of them."""

    rule: str = ""
    why: Words = ""
    warned: tuple[str, ...] = ()


def words_judged(*, tenant: "Tenant", touches: Sequence["Touch"]) -> dict[int, Judged]:
    """{touch: what its final words say}: one that holds a refused word, wants a fact or the group's promise where
    there is none, or is a testimonial's whose permission does not hold, is stopped. Two queries,
    more only where there is something.

    The values of the variables are read too: a group's name can hold what the template does not.
    """
    if not touches:
        return {}
    words = words_of(tenant)
    shown = {one.pk: _shown(one) for one in touches}
    problems = unproved(tenant=tenant, shown=shown.values())
    seen: dict[tuple[Any, ...], Judged] = {}
    found = {}
    for touch in touches:
        if (problem := problems.get(shown[touch.pk])) is not None:
            found[touch.pk] = Judged(problem.value, problem.label)
            continue
        alike = (
            touch.run_id, touch.step_id, touch.group_id, touch.staff_id, touch.planned_at, touch.is_talk
        )  # fmt: skip
        if alike not in seen:
            text = render("\n".join(_said(touch)), values_of(tenant=tenant, touch=touch), {})
            seen[alike] = _judged(text, words)
        found[touch.pk] = seen[alike]
    return found


def _shown(touch: "Touch") -> Shown:
    if touch.is_talk:
        return Shown(touch.step.talk_text, touch.channel)
    return shown_by(touch.step, touch.channel)


def shown_by(row: "Step | PushSlot", channel: str) -> Shown:
    """What a step or a slot shows, in the terms of testimonials."""
    return Shown(row.text, channel, row.material_id, frozenset(asset_ids_in(row.attachments)))


def _said(touch: "Touch") -> list[str]:
    """Every text of a touch that people read: its words, and titles and descriptions of what comes along."""
    if touch.is_talk:
        return [touch.step.talk_text]
    along = [f"{one.get('title', '')}\n{one.get('description', '')}" for one in touch.step.attachments]
    return [touch.step.text, *along]


def _judged(text: str, words: tuple[Word, ...]) -> Judged:
    unfilled = {ALIASES.get(one) for one in names_in(text)}
    if "fact" in unfilled:
        return Judged(FACT_RULE, say("No true fact with evidence holds today for {卖点}"))
    if "promise" in unfilled:
        return Judged(PROMISE_RULE, say("The group has no promise in one sentence for {一句话承诺}"))
    hits = find(text, words)
    stopped = refused(hits)
    if not stopped:
        return Judged(warned=tuple(dict.fromkeys(one.found for one in hits)))
    shown = say_list((say("“%(word)s”") % {"word": one} for one in stopped[:SHOWN]), say(", "))
    return Judged(WORDS_RULE, say("It holds words that may not be sent: %(words)s") % {"words": shown})
