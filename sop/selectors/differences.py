"""Two versions of a template side by side, as an operator reads them (R56)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sop.enums.differences import Differing
from sop.enums.links import Part
from sop.models import Step, Version
from sop.policies import exits
from sop.policies.differences import Content, Difference, StepDifference, difference
from sop.policies.words import Piece, word_changes
from sop.selectors.exits import exit_words, tag_names

# What places a step in its version; all else is what it says.
_IDENTITY = frozenset({"id", "tenant", "version", "key", "revision"})
_FRAME = ("days", "after_days", "offer_day", "offer_at", "exits")


def step_fields(step: Step) -> dict[str, Any]:
    """Everything a step says, by the name of the field; a foreign key as its id."""
    return {
        one.name: getattr(step, one.attname)
        for one in Step._meta.concrete_fields
        if one.name not in _IDENTITY
    }


def content_of(version: Version, steps: Iterable[Step]) -> Content:
    """A version and its steps for the rules of difference."""
    return Content(
        steps={step.key: step_fields(step) for step in steps},
        phases={one["key"]: one for one in version.phases},
        frame={name: getattr(version, name) for name in _FRAME},
    )


@dataclass(frozen=True)
class Beside:
    """Two versions of a template with their steps by key, and what differs."""

    before: Version
    after: Version
    old: dict[str, Step]
    new: dict[str, Step]
    found: Difference


def versions_beside(*, before: Version, after: Version) -> Beside:
    """Two versions of the same tenant, with the material of each step. Two queries."""
    rows = Step.objects.filter(tenant_id=after.tenant_id).select_related("material").order_by("pk")
    old = {one.key: one for one in rows.filter(version=before)}
    new = {one.key: one for one in rows.filter(version=after)}
    found = difference(content_of(before, old.values()), content_of(after, new.values()))
    return Beside(before, after, old, new, found)


def versions_differ(*, before: Version, after: Version) -> Difference:
    """What changed from one version to another of the same tenant. Two queries."""
    return versions_beside(before=before, after=after).found


@dataclass(frozen=True)
class Kind:
    """One kind of difference, for a chip."""

    value: str
    label: str
    tone: str


@dataclass(frozen=True)
class ShownStep:
    """One step that differs, as the page shows it. `rows`: (field, before, after) in words, besides time and text."""

    key: str
    title: str
    kinds: list[Kind]
    before: Step | None
    after: Step | None
    words: list[Piece]
    rows: list[tuple[str, str, str]]
    has_moved: bool = False  # its day, its time, or what they are counted from


@dataclass(frozen=True)
class ShownDifference:
    """A difference in words. `frame`: (what, before, after) of the camp's days, phases and end of the offer."""

    steps: list[ShownStep]
    frame: list[tuple[str, str, str]]
    counts: list[tuple[Kind, int]]
    same: int  # steps that say the same in both

    def __bool__(self) -> bool:
        return bool(self.steps or self.frame)


_TONES = {Differing.ADDED: "ok", Differing.REMOVED: "bad", Differing.LABELS: "quiet"}
# What the page shows in its own place: the time of a step, and its words.
_APART = frozenset({"anchor", "day", "at", "offset_minutes", "text"})
_NAMES = {
    "window_minutes": _("Window, minutes"),
    "catch_up": _("After the window"),
    "channel": _("Channel"),
    "replace_channel": _("Other channel"),
    "audience": _("For whom"),
    "role": _("Carried out by"),
    "evidence": _("Proof"),
    "on_block": _("When it may not go out"),
    "priority": _("Priority"),
    "is_marketing": _("Sells something"),
    "is_first_offer": _("Join coupon or first-order offer"),
    "is_service": _("Service message"),
    "opens_talk": _("Asks for an answer"),
    "talk_for": _("Conversations after it"),
    "talk_hours": _("Conversations after hours"),
    "talk_most": _("Conversations a colleague and day"),
    "talk_text": _("Words of the conversation"),
    "title": _("Title"),
    "phase": _("Phase"),
    "link": _("Link of the five"),
    "links": _("Tracked links"),
    "attachments": _("Attachments"),
    "mark": _("Peak-end mark"),
    "strategy": _("Strategy"),
    "parts": _("What it brings"),
    "goal": _("Goal"),
    "content_type": _("Content type"),
    "cost_minutes": _("Minutes a group"),
}


def difference_shown(*, before: Version, after: Version) -> ShownDifference:
    """What changed from one version to another, in words and in the order of days. Two queries, two more where other
    rules end a run."""
    return beside_shown(versions_beside(before=before, after=after))


def beside_shown(beside: Beside) -> ShownDifference:
    """`difference_shown` of two versions whose steps are at hand. No query; two where other rules end a run."""
    old, new, found, after = beside.old, beside.new, beside.found, beside.after
    names = {one["key"]: str(one["name"]) for version in (beside.before, after) for one in version.phases}
    steps = [_shown(one, old.get(key), new.get(key), names) for key, one in found.steps.items()]
    steps.sort(key=lambda one: _order(one.after or one.before))
    every = Counter(kind for one in found.steps.values() for kind in one.kinds)
    return ShownDifference(
        steps=steps,
        frame=_frame(found, tag_names(tenant_id=after.tenant_id) if "exits" in found.frame else {}),
        counts=[(_kind(kind), every[kind]) for kind in Differing if every[kind]],
        same=len(new) - sum(1 for key in found.steps if key in new),
    )


def _order(step: Step | None) -> tuple[bool, int, str, str]:
    if step is None:
        return (True, 0, "", "")
    return (step.day is None, step.day or 0, str(step.at or ""), step.key)


def _kind(kind: Differing) -> Kind:
    return Kind(kind.value, str(kind.label), _TONES.get(kind, "on"))


def _shown(one: StepDifference, before: Step | None, after: Step | None, phases: dict[str, str]) -> ShownStep:
    is_both = before is not None and after is not None
    texts = one.fields.get("text", ("", "")) if is_both else ("", "")
    return ShownStep(
        key=one.key,
        title=(after or before or Step()).title,
        kinds=[_kind(kind) for kind in Differing if kind in one.kinds],
        before=before,
        after=after,
        words=word_changes(str(texts[0]), str(texts[1])) if texts[0] != texts[1] else [],
        rows=[
            (field_name(name), _value(before, name, phases), _value(after, name, phases))
            for name in one.fields
            if is_both and name not in _APART
        ],
        has_moved=is_both and not _APART.isdisjoint(set(one.fields) - {"text"}),
    )


def field_name(name: str) -> str:
    """A field of a step in the words of the editor."""
    if name in _NAMES:
        return str(_NAMES[name])
    return str(Step._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _value(step: Step | None, name: str, phases: dict[str, str]) -> str:
    if step is None:
        return "–"
    field = Step._meta.get_field(name)
    value = getattr(step, name)
    if getattr(field, "choices", None):
        return str(getattr(step, f"get_{name}_display")()) or "–"
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return gettext(", ").join(_entry(one) for one in value) or "–"
    if name == "phase":
        return phases.get(value) or "–"
    return "–" if value in (None, "") else str(value)


def _entry(one: object) -> str:
    """One of the several things a field holds, by its title."""
    if isinstance(one, dict):
        return str(one.get("title") or one.get("key") or "")
    return str(Part(one).label) if one in Part.values else str(one)


def _frame(found: Difference, tags: dict[tuple[str, int], str]) -> list[tuple[str, str, str]]:
    names = {
        "days": gettext("Days"),
        "after_days": gettext("Days after the end"),
        "offer_day": gettext("Day the offer ends"),
        "offer_at": gettext("Hour the offer ends"),
        "exits": gettext("Who leaves a run before its end"),
    }
    rows = [
        (names[name], _framed(name, before, tags), _framed(name, after, tags))
        for name, (before, after) in found.frame.items()
    ]
    return [
        *rows,
        *(
            (
                gettext("Phase “%(name)s”") % {"name": _phase_name(before, after)},
                _phase(before),
                _phase(after),
            )
            for before, after in found.phases.values()
        ),
    ]


def _framed(name: str, value: Any, tags: dict[tuple[str, int], str]) -> str:
    if name != "exits":
        return _plain(value)
    return gettext(", ").join(exit_words(one, tags) for one in exits.read(value)) or "–"


def _plain(value: object) -> str:
    return "–" if value is None else f"{value:%H:%M}" if isinstance(value, time) else str(value)


def _phase_name(before: Any, after: Any) -> str:
    one = after or before
    return str(one["name"] or one["key"])


def _phase(one: Any) -> str:
    if one is None:
        return "–"
    days = gettext("days %(first)s–%(last)s") % {"first": one["first"], "last": one["last"]}
    return " · ".join(part for part in (str(one["name"]), days, str(one.get("note") or "")) if part)
