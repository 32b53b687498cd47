"""A template as a file: TOML in the shape of the built-in ones, read with every fault named, written so that reading
it gives the same back.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from django.utils.translation import gettext as _

from sop.enums import Anchor
from sop.policies import exits
from sop.policies.template_fields import (
    EXIT_FIELDS,
    OFFER_FIELDS,
    PHASE_FIELDS,
    STEP_FIELDS,
    TEMPLATE_FIELDS,
    Field,
    Wrong,
    filled,
)

FORMAT = 1
LARGEST_BYTES = 256 * 1024
MOST_STEPS = 400
MOST_PHASES = 12
MOST_EXITS = 20
FAULTS_SHOWN = 50
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
_TABLES = ("format", "offer", "phases", "exits", "steps")
_BOM = b"\xef\xbb\xbf"
HEAD = "# Qunce SOP template\n"


@dataclass(frozen=True)
class Blueprint:
    """A template's content in one language, as a file holds it. `steps` hold the fields of Step; `phases` those of
    Version.phases. `offer_day` and `offer_at` are both set or both None."""

    name: str
    purpose: str
    kind: str
    group_kind: str
    days: int
    after_days: int
    offer_day: int | None
    offer_at: time | None
    phases: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    exits: list[dict[str, Any]] = field(default_factory=list)  # as Version.exits


@dataclass(frozen=True)
class Fault:
    """One thing to mend, in the present language. `where` names the step or part, `field` the key in the file."""

    where: str
    field: str
    message: str

    def __str__(self) -> str:
        place = " · ".join(part for part in (self.where, self.field) if part)
        return f"{place}: {self.message}" if place else self.message


class FileRefused(ValueError):
    """The file is no template. `faults` says where and why, in the order of the file."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("; ".join(map(str, faults[:3])))


def decoded(raw: bytes) -> str:
    """The text of an uploaded file. Raises FileRefused for one that is too large, empty or not UTF-8."""
    if len(raw) > LARGEST_BYTES:
        said = _("The file has %(kb)s KB; a template has at most %(limit)s KB.")
        _refuse(said % {"kb": len(raw) // 1024, "limit": LARGEST_BYTES // 1024})
    try:
        text = raw.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        said = _("The file is not text in UTF-8 (byte %(at)s). Save it as UTF-8 and choose it again.")
        raise FileRefused([Fault("", "", said % {"at": error.start + 1})]) from error
    if not text.strip():
        _refuse(_("The file is empty."))
    return text


def _refuse(message: str) -> None:
    raise FileRefused([Fault("", "", message)])


def read(text: str, *, language: str = "zh") -> Blueprint:
    """The template in a file's text; `language` chooses where the file holds both. Raises FileRefused."""
    if len(text) > LARGEST_BYTES:
        _refuse(_("The file is too long for a template."))
    return _Reader(_parsed(text), "zh" if language.startswith("zh") else "en").blueprint()


def _parsed(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        said = (
            _("Line %(line)s, column %(column)s cannot be read. Look for a missing quote, bracket or equals sign, "
              "or a key written twice.") % {"line": place.group(1), "column": place.group(2)}
            if place
            else _("The file ends in the middle of something: a quote or a bracket is not closed.")
        )  # fmt: skip
        raise FileRefused([Fault("", "", said)]) from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise FileRefused([Fault("", "", _("The file cannot be read: it is no template."))]) from error


@dataclass
class _Reader:
    """Reads a parsed file and gathers every fault on the way."""

    raw: dict[str, Any]
    language: str
    faults: list[Fault] = field(default_factory=list)

    def blueprint(self) -> Blueprint:
        head = {name: value for name, value in self.raw.items() if name not in _TABLES}
        if self.raw.get("format", FORMAT) != FORMAT:
            self._say("", "format", _("This file is of another edition; only format 1 can be read here."))
        top = self._table(head, TEMPLATE_FIELDS, "")
        offer = self._offer()
        phases = [
            self._phase(number, one) for number, one in enumerate(self._tables("phases", MOST_PHASES), 1)
        ]
        steps = [self._step(number, one) for number, one in enumerate(self._tables("steps", MOST_STEPS), 1)]
        rules = [self._exit(number, one) for number, one in enumerate(self._tables("exits", MOST_EXITS), 1)]
        self._once(_("Phase"), phases)
        self._once(_("Step"), steps)
        if not steps and not self.faults:
            self._say("", "steps", _("There is no step in the file."))
        if self.faults:
            raise FileRefused(self.faults[:FAULTS_SHOWN])
        return Blueprint(
            **top, offer_day=offer["day"], offer_at=offer["at"], phases=phases, steps=steps, exits=rules
        )

    def _say(self, where: str, name: str, message: str) -> None:
        self.faults.append(Fault(where, name, message))

    def _tables(self, name: str, most: int) -> list[dict[str, Any]]:
        rows = self.raw.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
            self._say("", name, _("Write each under its own heading, [[%(name)s]].") % {"name": name})
            return []
        if len(rows) > most:
            self._say(
                "",
                name,
                _("%(count)s are too many; at most %(limit)s.") % {"count": len(rows), "limit": most},
            )
            return []
        return rows

    def _offer(self) -> dict[str, Any]:
        raw = self.raw.get("offer")
        if raw is None:
            return {"day": None, "at": None}
        if not isinstance(raw, dict):
            self._say("", "offer", _("Write it as { day = 7, at = 20:00:00 }."))
            return {"day": None, "at": None}
        return self._table(raw, OFFER_FIELDS, "offer")

    def _phase(self, number: int, raw: dict[str, Any]) -> dict[str, Any]:
        where = _named(_("Phase"), number, raw, "name")
        read = self._table(raw, PHASE_FIELDS, where)
        first, last = read["first"], read["last"]
        if isinstance(first, int) and isinstance(last, int) and last < first:
            self._say(where, "last", _("The last day lies before the first."))
        return {name: value for name, value in read.items() if name in raw or name in ("name", "note")}

    def _exit(self, number: int, raw: dict[str, Any]) -> dict[str, Any]:
        where = f"{_('Exit')} {number}"
        before = len(self.faults)
        row = {
            name: value for name, value in self._table(raw, EXIT_FIELDS, where).items() if value is not None
        }
        if len(self.faults) == before:
            try:
                exits.read([row])
            except ValueError:
                self._say(where, "value", _("The rule cannot be judged with this value."))
        return row

    def _step(self, number: int, raw: dict[str, Any]) -> dict[str, Any]:
        where = _named(_("Step"), number, raw, "title")
        before = len(self.faults)
        step = self._table(raw, STEP_FIELDS, where)
        if len(self.faults) == before:
            self._check_when(where, step)
        return step

    def _check_when(self, where: str, step: dict[str, Any]) -> None:
        """A camp-day step has a day and a time, the others are counted from something."""
        if step["anchor"] == Anchor.RUN_START:
            for name in ("day", "at"):
                if step[name] is None:
                    self._say(where, name, _("A camp-day step needs a day and a time."))
        elif step["anchor"] == Anchor.ABSOLUTE:
            for name in ("on", "at"):
                if step[name] is None:
                    self._say(where, name, _("A step on a date needs the date and a time."))
        else:
            for name in ("day", "at"):
                if step[name] is not None:
                    self._say(where, name, _("Only steps counted from the camp's start have it."))
        if step["anchor"] == Anchor.OFFER_END and step["offset_minutes"] >= 0:
            self._say(where, "offset_minutes", _("Before the end of the offer: a number below zero."))
        if step["on_block"] == "replace" and not step["replace_channel"]:
            self._say(where, "replace_channel", _("Say which channel takes its place."))

    def _table(self, raw: Mapping[str, Any], fields: Mapping[str, Field], where: str) -> dict[str, Any]:
        for name in raw:
            if name not in fields:
                self._say(where, name[:40], _("There is no such field; look for a spelling mistake."))
        return {name: self._value(raw, fields, name, where) for name in fields}

    def _value(self, raw: Mapping[str, Any], fields: Mapping[str, Field], name: str, where: str) -> Any:
        one = fields[name]
        if name not in raw:
            if one.required:
                self._say(where, name, _("It is missing: %(what)s.") % {"what": one.label})
            return filled(fields, name)
        try:
            return one.read(raw[name], self.language)
        except Wrong as error:
            self._say(where, name, f"{one.label}: {error}" if str(one.label) != name else str(error))
            return filled(fields, name)

    def _once(self, word: str, rows: list[dict[str, Any]]) -> None:
        first: dict[str, int] = {}
        for number, row in enumerate(rows, 1):
            key = row["key"]
            if key and key in first:
                said = _("“%(key)s” is already the key of number %(number)s.")
                self._say(f"{word} {number}", "key", said % {"key": key, "number": first[key]})
            first.setdefault(key, number)


def _named(word: str, number: int, raw: Mapping[str, Any], name: str) -> str:
    """Step 3 “Opening ceremony”."""
    title = raw.get(name)
    if isinstance(title, dict):
        title = next((one for one in title.values() if isinstance(one, str)), "")
    return f"{word} {number} “{title[:40]}”" if isinstance(title, str) and title else f"{word} {number}"


def write(blueprint: Blueprint) -> str:
    """The file of a template; fields that hold what they hold anyway are left out."""
    lines = [HEAD + f"format = {FORMAT}"]
    lines += _lines({name: getattr(blueprint, name) for name in TEMPLATE_FIELDS}, TEMPLATE_FIELDS)
    if blueprint.offer_day is not None and blueprint.offer_at is not None:
        lines.append(f"offer = {{ day = {blueprint.offer_day}, at = {blueprint.offer_at.isoformat()} }}")
    for phase in blueprint.phases:
        lines += ["", "[[phases]]", *_lines(phase, PHASE_FIELDS, keep=frozenset(phase))]
    for one in blueprint.exits:
        lines += ["", "[[exits]]", *_lines(one, EXIT_FIELDS)]
    for step in blueprint.steps:
        lines += ["", "[[steps]]", *_lines(step, STEP_FIELDS)]
    return "\n".join(lines) + "\n"


def _lines(
    values: Mapping[str, Any], fields: Mapping[str, Field], *, keep: frozenset[str] = frozenset()
) -> list[str]:
    return [
        f"{name} = {one.write(values[name])}"
        for name, one in fields.items()
        if name in values and (name in keep or one.required or values[name] != filled(fields, name))
    ]
