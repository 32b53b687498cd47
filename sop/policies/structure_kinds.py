"""Checks of what each kind of template must have or must never do (R25, R40, R48, R89)."""

from dataclasses import replace
from datetime import time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groups.enums import Cites, Severity
from sop.enums import (
    FLASH_NODES,
    GROUP_CHANNELS,
    INTERNAL_CHANNELS,
    PULL_CHANNELS,
    Anchor,
    Audience,
    Channel,
    Mark,
    Part,
    TemplateKind,
)
from sop.policies.plan import PlanStep
from sop.policies.structure import Shape, check, listed

STAFF_WORK = (TemplateKind.PLANNING, TemplateKind.SETUP)


def _step(key: str, day: int, **fields: Any) -> PlanStep:
    values: dict[str, Any] = {
        "title": key, "anchor": Anchor.RUN_START, "at": time(12), "channel": Channel.GROUP_FORWARD,
        "audience": Audience.MEMBERS, "content_type": "value", "mark": "", "text": "。", "link_keys": frozenset(),
        "is_marketing": False, "is_service": False, "opens_talk": True, "cost_minutes": 5,
    }  # fmt: skip
    return PlanStep(**{**values, "key": key, "day": day, **fields})


_CAMP = Shape(
    TemplateKind.CAMP,
    (
        _step("opening", 1, mark=Mark.FIRST, asks_pulse=True),
        _step("session", 5, mark=Mark.PEAK, asks_pulse=True),
        _step("closing", 8, mark=Mark.END, asks_pulse=True),
    ),
)
_FLASH = Shape(
    TemplateKind.FLASH,
    tuple(_step(part.value, day, parts=frozenset({part})) for day, part in enumerate(FLASH_NODES, 1)),
)
_STAFF = Shape(TemplateKind.SETUP, (_step("name it", 1, channel=Channel.INTERNAL),))
_DAY_ONE_SALE = Shape(
    TemplateKind.CAMP,
    (_step("sale", 1, channel=Channel.PRIVATE_MASS, content_type="marketing", is_marketing=True),),
)
_CRISIS = Shape(TemplateKind.CRISIS, (_step("statement", 1),))


@check(
    "PEAK-02",
    Severity.WARN,
    gettext_lazy("First, then the peak, the end last"),
    fix=gettext_lazy("Move the marks, or the steps"),
    rule="R48",
    cites=(Cites.BURST,),
    bad=replace(_CAMP, steps=(*_CAMP.steps[:2], _step("closing", 3, mark=Mark.END))),
    good=_CAMP,
)
def _marks_in_order(shape: Shape) -> str:
    days = {
        mark: [one.day for one in shape.steps if one.mark == mark and one.day is not None]
        for mark in (Mark.FIRST, Mark.PEAK, Mark.END)
    }
    if shape.kind != TemplateKind.CAMP or not all(days.values()):
        return ""  # PEAK-01 speaks of a mark that is missing
    if min(days[Mark.FIRST]) <= min(days[Mark.PEAK]) <= max(days[Mark.END]):
        return ""
    return _("The marks stand on days %(first)s, %(peak)s and %(end)s; people remember the peak and the end.") % {
        "first": min(days[Mark.FIRST]), "peak": min(days[Mark.PEAK]), "end": max(days[Mark.END]),
    }  # fmt: skip


@check(
    "PEAK-03",
    Severity.WARN,
    gettext_lazy("A pulse after each mark"),
    fix=gettext_lazy("Add the link “How was it” to the step, or to one after it"),
    rule="R48",
    cites=(Cites.BURST,),
    bad=replace(_CAMP, steps=(_CAMP.steps[0], replace(_CAMP.steps[1], asks_pulse=False), _CAMP.steps[2])),
    good=_CAMP,
)
def _marks_are_asked_about(shape: Shape) -> str:
    if shape.kind != TemplateKind.CAMP:
        return ""
    marked: list[PlanStep] = []
    asked: set[str] = set()
    for step in sorted(shape.steps, key=lambda one: (one.day or 0, one.at or time.min, one.priority)):
        if step.mark:
            marked.append(step)
        if step.asks_pulse and marked:
            asked.add(marked[-1].key)  # a question is about the last marked step before it
    silent = [one.title for one in marked if one.key not in asked]
    return _("Nobody is asked how it was after: %(steps)s.") % {"steps": listed(silent)} if silent else ""


@check(
    "FLASH-11",
    Severity.BLOCK,
    gettext_lazy("Four nodes of a flash group"),
    fix=gettext_lazy("Mark the step that is this node, or write one"),
    rule="R89",
    cites=(Cites.FOUR_TYPES, Cites.TEN_THOUSAND),
    bad=replace(_FLASH, steps=_FLASH.steps[:3]),
    good=_FLASH,
)
def _flash_has_four_nodes(shape: Shape) -> str:
    missing = shape.lacks(FLASH_NODES) if shape.kind == TemplateKind.FLASH and shape.steps else []
    return (
        _("The flash group lacks: %(parts)s.") % {"parts": listed(Part(one).label for one in missing)}
        if missing
        else ""
    )


@check(
    "WORK-01",
    Severity.BLOCK,
    gettext_lazy("Staff work sends nothing"),
    fix=gettext_lazy("Make it staff work, or move it into a camp"),
    rule="R40",
    cites=(Cites.TEN_THOUSAND,),
    bad=replace(_STAFF, steps=(_step("hello", 1),)),
    good=_STAFF,
)
def _staff_work_sends_nothing(shape: Shape) -> str:
    sends = [one.title for one in shape.steps if one.channel not in INTERNAL_CHANNELS]
    if shape.kind not in STAFF_WORK or not sends:
        return ""
    return _("Planning and set-up are work among colleagues, but customers would read: %(steps)s.") % {
        "steps": listed(sends)
    }


@check(
    "VALUE-01",
    Severity.WARN,
    gettext_lazy("Value before a private sale"),
    fix=gettext_lazy("Give something of value first, or declare it as a first-order offer"),
    rule="R76",
    cites=(Cites.AARRR,),
    bad=_DAY_ONE_SALE,
    good=replace(
        _DAY_ONE_SALE,
        steps=(_step("gift", 1, at=time(9), content_type="value"), *_DAY_ONE_SALE.steps),
    ),
)
def _value_before_a_private_sale(shape: Shape) -> str:
    if shape.kind in STAFF_WORK:
        return ""
    given = [
        (one.anchor, _moment(one))
        for one in shape.steps
        if one.gives_value and one.channel not in INTERNAL_CHANNELS | PULL_CHANNELS
    ]
    early = [
        one.title
        for one in shape.steps
        if one.sells
        and not one.is_service
        and one.channel not in GROUP_CHANNELS | INTERNAL_CHANNELS | PULL_CHANNELS
        and one.anchor in (Anchor.RUN_START, Anchor.MEMBER_JOIN)
        and not any(anchor == one.anchor and at < _moment(one) for anchor, at in given)
    ]
    if not early:
        return ""
    said = _(
        "The gate holds these back from new members, whom nothing of value has reached before: %(steps)s."
    )
    return said % {"steps": listed(early)}


def _moment(step: PlanStep) -> tuple[int, time, int]:
    return step.day or 0, step.at or time.min, step.offset_minutes


@check(
    "CRISIS-11",
    Severity.BLOCK,
    gettext_lazy("No selling in a crisis"),
    fix=gettext_lazy("Take the selling out"),
    rule="R25",
    cites=(Cites.FOUR_TYPES,),
    bad=replace(_CRISIS, steps=(_step("offer", 1, is_marketing=True),)),
    good=_CRISIS,
)
def _crisis_does_not_sell(shape: Shape) -> str:
    sells = [one.title for one in shape.steps if one.is_marketing or one.content_type == "marketing"]
    if shape.kind != TemplateKind.CRISIS or not sells:
        return ""
    return _("While people complain, nothing is sold to them: %(steps)s.") % {"steps": listed(sells)}
