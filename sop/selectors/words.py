"""Sensitive words in what steps say: found while a version is written, and once more before each message is sent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from content.policies.sensitive import Word, find, refused
from content.policies.wording import ALIASES, names_in, render
from content.selectors.proofs import unproved
from content.selectors.sensitive import Told, told, words_of
from sop.policies.plan import PlanStep
from sop.selectors.texts import values_of

if TYPE_CHECKING:
    from sop.models import Touch
    from tenants.models import Tenant

WORDS_RULE, FACT_RULE = "WORDS-01", "FACT-02"
SHOWN = 5


@dataclass(frozen=True)
class StepWords:
    """A sensitive word of one step: where it stands, and the word in words."""

    key: str
    title: str
    hit: Told


def words_in_steps(*, tenant: "Tenant", steps: Iterable[PlanStep]) -> list[StepWords]:
    """Sensitive words of a version's steps, in their order. One query."""
    words = words_of(tenant)
    return [StepWords(step.key, step.title, one) for step in steps for one in told(find(step.text, words))]


@dataclass(frozen=True)
class Judged:
    """What the words of a touch say about it: the rule that stops it and why, or the words it goes out with although
    the list warns of them."""

    rule: str = ""
    why: str = ""
    warned: tuple[str, ...] = ()


def words_judged(*, tenant: "Tenant", touches: Sequence["Touch"]) -> dict[int, Judged]:
    """{touch: what its final words say}: one that holds a refused word, wants a fact where there is none, or is a
    testimonial's whose permission does not hold, is stopped. Two queries, more only where there is something.

    The values of the variables are read too: a group's name can hold what the template does not.
    """
    if not touches:
        return {}
    words = words_of(tenant)
    shown = unproved(tenant=tenant, said={(one.step.text, one.channel) for one in touches})
    seen: dict[tuple[Any, ...], Judged] = {}
    found = {}
    for touch in touches:
        if (problem := shown.get((touch.step.text, touch.channel))) is not None:
            found[touch.pk] = Judged(problem.value, str(problem.label))
            continue
        alike = (touch.run_id, touch.step_id, touch.group_id, touch.staff_id, touch.planned_at)
        if alike not in seen:
            text = render("\n".join(_said(touch)), values_of(tenant=tenant, touch=touch), {})
            seen[alike] = _judged(text, words)
        found[touch.pk] = seen[alike]
    return found


def _said(touch: "Touch") -> list[str]:
    """Every text of a step that people read: its words, and titles and descriptions of what comes along."""
    along = [f"{one.get('title', '')}\n{one.get('description', '')}" for one in touch.step.attachments]
    return [touch.step.text, *along]


def _judged(text: str, words: tuple[Word, ...]) -> Judged:
    if any(ALIASES.get(one) == "fact" for one in names_in(text)):
        return Judged(FACT_RULE, _("No true fact with evidence holds today for {卖点}"))
    hits = find(text, words)
    stopped = refused(hits)
    if not stopped:
        return Judged(warned=tuple(dict.fromkeys(one.found for one in hits)))
    shown = _(", ").join(_("“%(word)s”") % {"word": one} for one in stopped[:SHOWN])
    return Judged(WORDS_RULE, _("It holds words that may not be sent: %(words)s") % {"words": shown})
