"""What the operations page is made of: parts, each of a few lines; a line is a state, a sentence and one action."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console import formats
from tenants import clock

Text = str | Promise


class State(StrEnum):
    """`idle`: there is nothing to judge, and nothing is wrong."""

    GOOD = "good"
    IDLE = "idle"
    LOOK = "look"
    BROKEN = "broken"

    @property
    def label(self) -> Text:
        return _LABELS[self]

    @property
    def tone(self) -> str:
        return _TONES[self]


_LABELS: dict[State, Text] = {
    State.GOOD: _("Works"),
    State.IDLE: _("Nothing yet"),
    State.LOOK: _("Look at it"),
    State.BROKEN: pgettext_lazy("part of the system", "Broken"),
}
_TONES = {State.GOOD: "ok", State.IDLE: "line", State.LOOK: "warn", State.BROKEN: "bad"}
_ORDER = (State.BROKEN, State.LOOK, State.GOOD, State.IDLE)


def worst(states: Iterable[State]) -> State:
    """The state that matters most; nothing at all is idle."""
    found = set(states)
    return next((one for one in _ORDER if one in found), State.IDLE)


@dataclass(frozen=True)
class Action:
    """The one thing to press. `url_name` is a console page; with `verb` it is a POST to the operations page."""

    label: Text
    url_name: str = ""
    kwargs: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    verb: str = ""


@dataclass(frozen=True)
class Line:
    """`says` what is, `todo` what to do about it, `where` in WeCom's console; `command` is typed on the server."""

    key: str
    state: State
    title: Text
    says: Text
    todo: Text = ""
    where: Text = ""
    command: str = ""
    code: int = 0
    action: Action | None = None

    @property
    def needs_somebody(self) -> bool:
        return self.state in (State.BROKEN, State.LOOK)


@dataclass(frozen=True)
class Figure:
    """One number of a part, as text."""

    label: Text
    value: str
    note: Text = ""


@dataclass(frozen=True)
class Part:
    """One subject of the page."""

    key: str
    title: Text
    lines: list[Line]
    figures: list[Figure] = field(default_factory=list)

    @property
    def state(self) -> State:
        return worst(one.state for one in self.lines)


def at(moment: datetime | None) -> str:
    """A moment as a person says it, in the active time zone: today 10:24."""
    if moment is None:
        return formats.MISSING
    local, now = timezone.localtime(moment), timezone.localtime(clock.now())
    return formats.moment(local, now, get_language() or "zh-hans")


def lasting(seconds: float | None) -> str:
    """A duration: 0.4 s, 4:48, 1 h 36 min."""
    if seconds is None:
        return formats.MISSING
    return f"{seconds:.1f} s" if seconds < 60 else formats.duration(seconds)


def number(value: Any) -> str:
    return formats.figure(value, get_language() or "zh-hans")
