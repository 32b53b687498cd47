"""What a lead did, in one line, for cards and work items. Words only: no decision is taken here."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.enums import BehaviourKind
from leads.enums import Tier
from leads.policies.rule_words import kind_words
from leads.policies.rules import ASSIGNMENT, INQUIRY, LESSON, PAY_CLICK, PURCHASE_CLICK
from tenants.words import Words, say, say_count


def headline(
    *,
    tier: str,
    counts: Mapping[str, int],
    suggestion: Mapping[str, Any] | None,
    evidence: Sequence[Mapping[str, Any]],
) -> Words:
    """“How much is it?” · Clicked pay, no order · Opened the purchase link 4 times · 6 lessons, 5 assignments.

    Said in the language of whoever reads it.
    """
    if suggestion is not None:
        return say("Asked “%(text)s”") % {"text": suggestion["text"]}
    last = evidence[-1] if evidence else {}
    if tier == Tier.S:
        return (
            say("Asked “%(text)s”") % {"text": last["text"]} if last.get("text") else say("Set to S by hand")
        )
    if tier == Tier.A_PLUS and counts.get(PAY_CLICK):
        title = last.get("title")
        return (
            say("Clicked pay for %(title)s, no order") % {"title": title}
            if title
            else say("Clicked pay, no order")
        )
    if tier == Tier.A and counts.get(PURCHASE_CLICK):
        number = counts[PURCHASE_CLICK]
        return say_count(
            "Purchase link opened %(number)s time", "Purchase link opened %(number)s times", number
        ) % {"number": number}
    if tier == Tier.B and counts.get(LESSON, 0) + counts.get(ASSIGNMENT, 0):
        return say("Lessons finished: %(lessons)s, assignments handed in: %(assignments)s") % {
            "lessons": counts.get(LESSON, 0),
            "assignments": counts.get(ASSIGNMENT, 0),
        }
    if last.get("kind"):
        kind = str(last["kind"])
        what = say("Asked about the course") if kind == INQUIRY else BehaviourKind(kind).label
        return say("%(what)s, %(number)s times") % {"what": what, "number": counts.get(kind, 1)}
    return say("No intent shown")


def step_words(code: str, number: int) -> str:
    """What is missing, as something the customer does."""
    words = {
        "inquiry": _("Asks about the course"),
        PAY_CLICK: _("Clicks pay"),
        PURCHASE_CLICK: ngettext(
            "Opens the purchase link %(number)s more time",
            "Opens the purchase link %(number)s more times",
            number,
        ),
        LESSON: ngettext("Finishes %(number)s more lesson", "Finishes %(number)s more lessons", number),
        ASSIGNMENT: ngettext(
            "Hands in %(number)s more assignment", "Hands in %(number)s more assignments", number
        ),
    }
    other = _("%(what)s %(number)s more times")
    return words.get(code, other) % {"number": number, "what": kind_words(code)}


def condition_words(code: str, have: int, need: int) -> str:
    """How far a condition is: "Purchase link 4, needs 3"."""
    values = {"have": have, "need": need}
    words = {
        "inquiry": _("Asked about the course") if have else _("Has not asked about the course"),
        PAY_CLICK: _("Clicked pay, no order since") if have else _("Has not clicked pay"),
        PURCHASE_CLICK: _("Purchase link %(have)s, needs %(need)s") % values,
        LESSON: _("Lessons %(have)s, needs %(need)s") % values,
        ASSIGNMENT: _("Assignments %(have)s, needs %(need)s") % values,
    }
    return words.get(code) or _("%(what)s %(have)s, needs %(need)s") % {"what": kind_words(code), **values}


def scripts_for(tier: str, doubts: Sequence[str]) -> list[dict[str, str]]:
    """Words ready to send, the answer to an open doubt first: [{"text", "source"}]."""
    usual = {
        Tier.S: _("Thank you for asking. May I first hear what matters most to you, so that I answer that?"),
        Tier.A_PLUS: _(
            "Did the payment page get stuck? If it went through, I will open the course for you; "
            "if not, no hurry: is there anything you would like to ask first?"
        ),
        Tier.A: _("You had a look at the course. What would you still like to know before you decide?"),
        Tier.B: _("You are learning steadily. How is it going, and where does it get hard?"),
    }
    found = [
        {
            "text": _("You said “%(doubt)s”. What would make it work for you?") % {"doubt": doubt},
            "source": _("For the doubt “%(doubt)s”") % {"doubt": doubt},
        }
        for doubt in doubts[:2]
    ]
    if tier in usual:
        found.append(
            {"text": usual[Tier(tier)], "source": _("Usual opening for tier %(tier)s") % {"tier": tier}}
        )
    found.append(
        {"text": _("What doubts remain? Tell me one, whatever it is."), "source": _("When the talk stalls")}
    )
    return found
