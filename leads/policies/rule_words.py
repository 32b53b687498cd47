"""A tier rule in plain words, and what differs between two. Words only: no decision is taken here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.enums import BehaviourKind
from leads.enums import LeadState, Tier
from leads.policies.rules import INQUIRY

CLICKS, ORDERS = "clicks", "orders"


@dataclass(frozen=True)
class Sentence:
    """One line of a rule: `name` is a tier, or "clicks" and "orders" for how these are counted."""

    name: str
    label: str
    words: str

    @property
    def is_tier(self) -> bool:
        return self.name not in (CLICKS, ORDERS)


@dataclass(frozen=True)
class Change:
    """A line that two rules say differently."""

    name: str
    label: str
    is_tier: bool
    before: str
    after: str


def kind_words(kind: str) -> str:
    """A behaviour as people call it."""
    return _("Asked about the course") if kind == INQUIRY else str(BehaviourKind(kind).label)


def place_words(place: str) -> str:
    """A place of a lead as people call it; a tier stays its letter."""
    if place == "":
        return _("Unranked")
    return str(LeadState(place).label) if place in LeadState.values else place


def rule_sentences(rules: Mapping[str, Any]) -> list[Sentence]:
    """The whole rule, S first."""
    tiers = [Sentence(one["tier"], one["tier"], _tier_words(one)) for one in rules["tiers"]]
    return [
        Sentence(Tier.S.value, Tier.S.value, _s_words(rules["s"])),
        *tiers,
        Sentence(CLICKS, _("Clicks"), _gap_words(int(rules["click_gap_s"]))),
        Sentence(ORDERS, _("Orders"), _order_words(int(rules["won_min_fen"]))),
    ]


def rule_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The lines that differ, in the order of the rule."""
    old = {one.name: one for one in rule_sentences(before)}
    return [
        Change(one.name, one.label, one.is_tier, old[one.name].words, one.words)
        for one in rule_sentences(after)
        if old[one.name].words != one.words
    ]


def _tier_words(tier: Mapping[str, Any]) -> str:
    parts = [
        ngettext("%(what)s at least %(n)s time", "%(what)s at least %(n)s times", int(one["need"]))
        % {"what": kind_words(one["code"]), "n": one["need"]}
        for one in tier["conditions"]
    ]
    return (_(" or ") if tier["mode"] == "any" else _(" and ")).join(parts)


def _s_words(rule: Mapping[str, Any]) -> str:
    words = list(rule["keywords"])
    if not words:
        return _("Set by hand only: no words are listened for")
    said = {"words": _(", ").join(words), "hours": rule["suggestion_hours"]}
    if rule["confirm"]:
        return (
            _(
                "A message with one of %(words)s suggests it; a person confirms it, else it lapses after "
                "%(hours)s hours"
            )
            % said
        )
    return _("A message with one of %(words)s makes it at once") % said


def _gap_words(gap_s: int) -> str:
    if gap_s == 0:
        return _("Every click counts")
    return ngettext(
        "Clicks on one link within %(n)s second count once",
        "Clicks on one link within %(n)s seconds count once",
        gap_s,
    ) % {"n": gap_s}


def _order_words(least_fen: int) -> str:
    if least_fen == 0:
        return _("Every order closes the lead as won")
    return _("An order of ¥%(yuan)s or more closes the lead as won") % {"yuan": f"{least_fen / 100:g}"}
