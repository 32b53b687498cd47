"""Checks of the five links of a bootcamp (R42 to R46)."""

import itertools
import re
from dataclasses import replace
from datetime import time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groups.enums import Cites, Severity
from sop.enums import (
    COUNTDOWN_MINUTES,
    GROUP_CHANNELS,
    INTERNAL_CHANNELS,
    LINK_PARTS,
    PULL_CHANNELS,
    Anchor,
    Audience,
    Channel,
    Link,
    Part,
    TemplateKind,
)
from sop.policies.plan import PlanStep
from sop.policies.structure import Shape, check, listed

GREET_WITHIN_MIN = 60
PLAIN_WORDS = 60  # characters; a link 2 that says less is an auto-reply
LF = (Cites.LINKFLOW,)
_TIME = re.compile(r"\d\s*[:：]\s*\d\d|[\d一二三四五六七八九十]\s*点|\d\s*[ap]\.?m\b", re.IGNORECASE)
_PLACES = (
    "入口", "地点", "链接", "群里", "本群", "直播间", "小程序", "link", "in this group", "in the group", "live room",
)  # fmt: skip


def _step(key: str, link: int, *parts: str, **fields: Any) -> PlanStep:
    values: dict[str, Any] = {
        "title": key, "anchor": Anchor.RUN_START, "day": link, "at": time(12), "channel": Channel.GROUP_FORWARD,
        "audience": Audience.MEMBERS, "content_type": "value", "mark": "", "text": "。" * PLAIN_WORDS,
        "link_keys": frozenset(), "is_marketing": False, "is_service": False, "opens_talk": True, "cost_minutes": 5,
    }  # fmt: skip
    return PlanStep(**{**values, "key": key, "link": link, "parts": frozenset(parts), **fields})


def _countdown(minutes: int, **fields: Any) -> PlanStep:
    return _step(
        f"c{-minutes}",
        5,
        anchor=Anchor.OFFER_END,
        offset_minutes=minutes,
        is_marketing=True,
        **{"channel": Channel.PRIVATE_MASS, "audience": Audience.UNDECIDED, **fields},
    )


GOOD = Shape(
    TemplateKind.CAMP,
    (
        _step(
            "greet", 1, Part.NEXT, anchor=Anchor.MEMBER_JOIN, day=None, at=None, offset_minutes=5,
            channel=Channel.STAFF_TASK,
        ),
        _step("intro", 1, Part.WHO, Part.BRAND, Part.PROFILE),
        _step(
            "start", 2, Part.PROOF, Part.CORE, Part.START, Part.REWARD, Part.MEMBERS,
            text="今晚 20:00 从群里的链接进，听课 12 分钟，交作业一条。" + "。" * PLAIN_WORDS,
        ),
        _step("lesson", 3, Part.KEY, Part.MOOD),
        _step("boost", 3, channel=Channel.STAFF_TASK, audience=Audience.UNINTERACTED),
        _step("visit", 3, Part.VISIT, channel=Channel.STAFF_TASK),
        _step("tiers", 4, Part.ORDERS, Part.PERSONA, Part.TIERS, channel=Channel.INTERNAL),
        _step("follow", 4, Part.ASSURE, Part.FOLLOW, channel=Channel.STAFF_TASK),
        *(_countdown(minutes) for minutes in COUNTDOWN_MINUTES),
        _countdown(-20, channel=Channel.MOMENTS),
    ),
    tuple(
        {"key": str(one), "name": str(one), "first": one, "last": one, "entry": "in", "exit": "out", "metric": "rate"}
        for one in Link.values
    ),
)  # fmt: skip


def _with(key: str, **fields: Any) -> Shape:
    """The good camp with one step changed."""
    return replace(GOOD, steps=tuple(replace(one, **fields) if one.key == key else one for one in GOOD.steps))


def _without(*keys: str) -> Shape:
    return replace(GOOD, steps=tuple(one for one in GOOD.steps if one.key not in keys))


def _missing(shape: Shape, link: int) -> str:
    """The labels of the parts that a link lacks; "" for a complete link, and for one without any step (LINK-01)."""
    lacking = shape.lacks(LINK_PARTS[link], link=link) if shape.has_links and shape.link(link) else []
    return listed(Part(one).label for one in lacking)


@check(
    "LINK-01",
    Severity.WARN,
    gettext_lazy("Five links"),
    fix=gettext_lazy("Give the missing link its steps"),
    rule="R42",
    cites=LF,
    bad=_without("visit", "lesson", "boost"),
    good=GOOD,
)
def _all_five_links(shape: Shape) -> str:
    missing = [Link(one).label for one in Link.values if shape.has_links and not shape.link(one)]
    return _("Without any step: %(links)s.") % {"links": listed(missing)} if missing else ""


@check(
    "LINK-02",
    Severity.WARN,
    gettext_lazy("A way in, a way out, a metric"),
    fix=gettext_lazy("Say who enters, who is through, and what is watched"),
    rule="R42",
    cites=LF,
    bad=replace(GOOD, phases=({**GOOD.phases[0], "exit": ""}, *GOOD.phases[1:])),
    good=GOOD,
)
def _links_have_criteria(shape: Shape) -> str:
    if not shape.has_links:
        return ""
    bare = [
        one.get("name") or one["key"]
        for one in shape.phases[: len(Link)]
        if not all(str(one.get(word, "")).strip() for word in ("entry", "exit", "metric"))
    ]
    return (
        _("Entry, exit or metric is missing: %(phases)s.") % {"phases": listed(bare)}
        if bare or not shape.phases
        else ""
    )


@check(
    "LINK-03",
    Severity.WARN,
    gettext_lazy("Links in their order"),
    fix=gettext_lazy("Move the steps of the earlier link before it"),
    rule="R42",
    cites=LF,
    bad=_with("follow", day=1),
    good=GOOD,
)
def _links_in_order(shape: Shape) -> str:
    if not shape.has_links:
        return ""
    opened = [
        (link, min(days))
        for link in Link.values
        if (days := [one.day for one in shape.link(link) if one.day is not None])
    ]
    for (before, first), (after, second) in itertools.pairwise(opened):
        if second < first:
            return _("“%(after)s” begins on day %(second)s, before “%(before)s” on day %(first)s.") % {
                "after": Link(after).label, "second": second, "before": Link(before).label, "first": first,
            }  # fmt: skip
    return ""


@check(
    "LINK1-01",
    Severity.BLOCK,
    gettext_lazy("Link 1 has its four parts"),
    fix=gettext_lazy("Mark the step that brings it, or write one"),
    rule="R43",
    cites=LF,
    bad=_with("intro", parts=frozenset({Part.WHO, Part.PROFILE})),
    good=GOOD,
)
def _link_1_parts(shape: Shape) -> str:
    missing = _missing(shape, Link.PRE_CAMP)
    return _("The pre-camp talk lacks: %(parts)s.") % {"parts": missing} if missing else ""


@check(
    "LINK1-02",
    Severity.WARN,
    gettext_lazy("Nobody is left waiting"),
    fix=gettext_lazy("Add a step counted from the join, within the hour, that asks for an answer"),
    rule="R43",
    cites=LF,
    bad=_with("greet", offset_minutes=GREET_WITHIN_MIN + 1),
    good=_with("greet", offset_minutes=GREET_WITHIN_MIN),
)
def _newcomers_are_answered(shape: Shape) -> str:
    if not shape.has_links:
        return ""
    greets = (
        step.anchor == Anchor.MEMBER_JOIN and step.opens_talk and step.offset_minutes <= GREET_WITHIN_MIN
        for step in shape.link(Link.PRE_CAMP)
    )
    return (
        ""
        if any(greets)
        else _("Nobody talks to a newcomer within %(minutes)s minutes.") % {"minutes": GREET_WITHIN_MIN}
    )


@check(
    "LINK2-01",
    Severity.BLOCK,
    gettext_lazy("Link 2 has its five parts"),
    fix=gettext_lazy("Mark the step that brings it, or write one"),
    rule="R44",
    cites=LF,
    bad=_with("start", parts=frozenset({Part.PROOF, Part.CORE, Part.START, Part.MEMBERS})),
    good=GOOD,
)
def _link_2_parts(shape: Shape) -> str:
    missing = _missing(shape, Link.ACTIVATION)
    return _("The activation lacks: %(parts)s.") % {"parts": missing} if missing else ""


@check(
    "LINK2-02",
    Severity.BLOCK,
    gettext_lazy("Link 2 is no auto-reply"),
    fix=gettext_lazy("Say where to enter, what happens and what they get, and ask for something"),
    rule="R44",
    cites=LF,
    bad=_with("start", opens_talk=False),
    good=GOOD,
)
def _link_2_is_no_auto_reply(shape: Shape) -> str:
    steps = [one for one in shape.link(Link.ACTIVATION) if one.channel not in INTERNAL_CHANNELS]
    if not shape.has_links or not steps:
        return ""
    if sum(len(one.text.strip()) for one in steps) < PLAIN_WORDS:
        return _("The activation is a bare auto-reply: it says too little to start with.")
    if not any(one.opens_talk for one in steps):
        return _("The activation only tells: nothing in it asks members to do or to answer something.")
    return ""


@check(
    "LINK2-03",
    Severity.WARN,
    gettext_lazy("How to start: when and where"),
    fix=gettext_lazy("Write the time and where to enter into the step that says how to start"),
    rule="R44",
    cites=LF,
    bad=_with("start", text="听课 12 分钟，交作业一条。" * 6),
    good=GOOD,
)
def _start_says_when_and_where(shape: Shape) -> str:
    starts = [one for one in shape.link(Link.ACTIVATION) if Part.START in one.parts]
    if not shape.has_links or not starts:
        return ""
    lacking = []
    if not any(_TIME.search(one.text) for one in starts):
        lacking.append(_("the time"))
    if not any(_names_place(one) for one in starts):
        lacking.append(_("where to enter"))
    said = _("“%(step)s” tells how to start and leaves out %(parts)s.")
    return said % {"step": starts[0].title, "parts": listed(lacking)} if lacking else ""


def _names_place(step: PlanStep) -> bool:
    """Whether a step leads somewhere: by a link, a card, or words for a place."""
    words = step.text.casefold()
    return bool(step.link_keys or step.attachment_kinds) or any(place in words for place in _PLACES)


@check(
    "LINK3-01",
    Severity.BLOCK,
    gettext_lazy("Link 3 has a key interaction"),
    fix=gettext_lazy("Mark the step that leads people to the form, the live room or the mini-program"),
    rule="R45",
    cites=LF,
    bad=_with("lesson", parts=frozenset({Part.MOOD})),
    good=GOOD,
)
def _link_3_has_a_key_interaction(shape: Shape) -> str:
    if not shape.has_links or not shape.lacks([Part.KEY], link=Link.NURTURE):
        return ""
    return _("No step of the nurture leads to the key interaction; without it nobody knows who takes part.")


@check(
    "LINK3-02",
    Severity.WARN,
    gettext_lazy("Atmosphere and a visit to each"),
    fix=gettext_lazy("Cue those who speak; visit each member by private chat or call"),
    rule="R45",
    cites=LF,
    bad=_without("visit"),
    good=GOOD,
)
def _link_3_has_mood_and_visits(shape: Shape) -> str:
    if not shape.has_links or not shape.link(Link.NURTURE):
        return ""
    missing = shape.lacks([Part.MOOD, Part.VISIT], link=Link.NURTURE)
    visits = [one for one in shape.link(Link.NURTURE) if Part.VISIT in one.parts]
    if visits and not any(one.channel in (Channel.STAFF_TASK, Channel.CALL) for one in visits):
        return _("“%(step)s” is no visit: one person does not talk to one person.") % {
            "step": visits[0].title
        }
    return (
        _("The nurture lacks: %(parts)s.") % {"parts": listed(Part(one).label for one in missing)}
        if missing
        else ""
    )


@check(
    "LINK3-03",
    Severity.WARN,
    gettext_lazy("Touched through several channels"),
    fix=gettext_lazy("Add a private chat, a call or Moments beside the group"),
    rule="R45, R50",
    cites=(Cites.LINKFLOW, Cites.BURST),
    bad=replace(
        GOOD, steps=tuple(replace(one, channel=Channel.GROUP_FORWARD) if one.link == 3 else one for one in GOOD.steps)
    ),
    good=GOOD,
)  # fmt: skip
def _link_3_uses_several_channels(shape: Shape) -> str:
    channels = {one.channel for one in shape.link(Link.NURTURE)} - INTERNAL_CHANNELS
    if not shape.has_links or len(channels) != 1:
        return ""
    return _("The nurture uses one channel only: %(channel)s.") % {
        "channel": Channel(next(iter(channels))).label
    }


@check(
    "LINK3-04",
    Severity.WARN,
    gettext_lazy("The silent ones are asked again"),
    fix=gettext_lazy("Add a step for those without the key interaction"),
    rule="R45, R53",
    cites=LF,
    bad=_without("boost"),
    good=GOOD,
)
def _link_3_boosts(shape: Shape) -> str:
    if not shape.has_links or not shape.link(Link.NURTURE):
        return ""
    if any(one.audience == Audience.UNINTERACTED for one in shape.link(Link.NURTURE)):
        return ""
    return _("No step of the nurture is for those who have not done the key interaction yet.")


@check(
    "LINK4-01",
    Severity.WARN,
    gettext_lazy("Conversion in five steps"),
    fix=gettext_lazy("Mark the step that brings it, or write one"),
    rule="R46",
    cites=LF,
    bad=_without("tiers"),
    good=GOOD,
)
def _link_4_parts(shape: Shape) -> str:
    missing = _missing(shape, Link.CONVERSION)
    return _("The conversion lacks: %(parts)s.") % {"parts": missing} if missing else ""


@check(
    "LINK5-01",
    Severity.WARN,
    gettext_lazy("Countdown to the offer's end"),
    fix=gettext_lazy("Count down 3, 2 and 1 hours before the end, then one last card"),
    rule="R46, R92",
    cites=LF,
    bad=_without("c120"),
    good=GOOD,
)
def _link_5_counts_down(shape: Shape) -> str:
    if not shape.has_links or not shape.link(Link.CLOSE):
        return ""
    counted = {one.offset_minutes for one in shape.steps if one.anchor == Anchor.OFFER_END}
    missing = [-minutes // 60 for minutes in COUNTDOWN_MINUTES if minutes not in counted]
    if missing:
        return _("No reminder %(hours)s hours before the offer ends.") % {"hours": listed(missing)}
    if not any(max(COUNTDOWN_MINUTES) < minutes < 0 for minutes in counted):
        return _("No last card in the last hour of the offer.")
    return ""


@check(
    "LINK5-02",
    Severity.BLOCK,
    gettext_lazy("Only the undecided are counted down"),
    fix=gettext_lazy("Choose the undecided as its audience"),
    rule="R92",
    cites=LF,
    bad=_with("c60", audience=Audience.MEMBERS),
    good=GOOD,
)
def _countdown_for_the_undecided(shape: Shape) -> str:
    wrong = [
        one.title
        for one in shape.steps
        if one.anchor == Anchor.OFFER_END
        and one.is_marketing
        and one.channel not in PULL_CHANNELS | INTERNAL_CHANNELS
        and (one.channel in GROUP_CHANNELS or one.audience != Audience.UNDECIDED)
    ]
    said = _("The countdown reaches people who have bought: %(steps)s.")
    return said % {"steps": listed(wrong)} if wrong else ""
