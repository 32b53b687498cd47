"""The fields of a template file: what each may hold, what it is without being written, how it is said to people."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.enums import BehaviourKind
from content.enums import LinkKind
from content.policies.attachments import LINK, AttachmentRefused, attachments_read
from groups.enums import Kind
from sop.enums import (
    HIDDEN_KINDS,
    TAG_EXITS,
    Anchor,
    Audience,
    CatchUp,
    Channel,
    ContentType,
    Evidence,
    ExitRule,
    Mark,
    OnBlock,
    Part,
    StepRole,
    Strategy,
    TemplateKind,
)
from sop.enums.talks import TalkFor

LANGUAGES = ("zh", "en")
LAST_DAY = 400
TEXT_LENGTH = 1300
_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Wrong(ValueError):
    """A value that a field cannot hold; its words are for the person."""


@dataclass(frozen=True)
class Field(ABC):
    """One field. `default` is what it holds when the file leaves it out; `required` fields cannot be left out."""

    label: Any
    default: Any = None
    required: bool = False

    @abstractmethod
    def read(self, value: Any, language: str) -> Any:
        """The value as stored. Raises Wrong."""

    def write(self, value: Any) -> str:
        """The value in TOML."""
        return quoted(value)


@dataclass(frozen=True)
class Words(Field):
    """Text, or a table with one text for each language."""

    length: int = 64
    default: Any = ""
    lines: bool = False

    def read(self, value: Any, language: str) -> str:
        if isinstance(value, dict):
            if not value or not set(value) <= set(LANGUAGES):
                raise Wrong(_("Give zh, en or both, each in quotes."))
            value = value.get(language, next(iter(value.values())))
        if not isinstance(value, str):
            raise Wrong(_("Write it as text, in quotes."))
        if "\x00" in value:
            raise Wrong(_("It holds a character that cannot be stored (NUL)."))
        if not self.lines and any(one in value for one in "\r\n"):
            raise Wrong(_("Keep it on one line."))
        if len(value) > self.length:
            raise Wrong(
                _("%(count)s characters are too many; at most %(limit)s.")
                % {"count": len(value), "limit": self.length}
            )
        if self.required and not value.strip():
            raise Wrong(_("It cannot be empty."))
        return value

    def write(self, value: Any) -> str:
        return block(value) if self.lines and "\n" in value else quoted(value)


@dataclass(frozen=True)
class Choice(Field):
    """One of a few words."""

    choices: Any = ()
    default: Any = ""
    blank: bool = False
    without: frozenset[str] = frozenset()  # words of the product itself, not to be chosen

    def read(self, value: Any, language: str) -> str:
        known = [one for one in self.choices.values if one not in self.without]
        if not isinstance(value, str) or value not in (*known, "") or (value == "" and not self.blank):
            _refuse(value, known)
        return value


@dataclass(frozen=True)
class Number(Field):
    """A whole number."""

    least: int = 0
    most: int = LAST_DAY
    default: Any = 0

    def read(self, value: Any, language: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not self.least <= value <= self.most:
            raise Wrong(
                _("Write a whole number from %(least)s to %(most)s.")
                % {"least": self.least, "most": self.most}
            )
        return value

    def write(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Moment(Field):
    """A time of day."""

    def read(self, value: Any, language: str) -> time:
        if not isinstance(value, time):
            raise Wrong(_("Write a time without quotes, as in 20:00:00."))
        return value

    def write(self, value: Any) -> str:
        return value.isoformat()


@dataclass(frozen=True)
class Day(Field):
    """A calendar day."""

    def read(self, value: Any, language: str) -> date:
        if not isinstance(value, date) or isinstance(value, datetime):
            raise Wrong(_("Write a day without quotes, as in 2026-03-02."))
        return value

    def write(self, value: Any) -> str:
        return value.isoformat()


@dataclass(frozen=True)
class Flag(Field):
    """Yes or no."""

    default: Any = False

    def read(self, value: Any, language: str) -> bool:
        if not isinstance(value, bool):
            raise Wrong(_("Write true or false, without quotes."))
        return value

    def write(self, value: Any) -> str:
        return "true" if value else "false"


@dataclass(frozen=True)
class Key(Field):
    """A name that stays the same through all versions."""

    length: int = 40
    default: Any = ""

    def read(self, value: Any, language: str) -> str:
        if not isinstance(value, str) or not _KEY.fullmatch(value) or len(value) > self.length:
            raise Wrong(
                _("Use up to %(limit)s letters without accents, digits, _ and -.") % {"limit": self.length}
            )
        return value


@dataclass(frozen=True)
class Several(Field):
    """Some of a few words."""

    choices: Any = ()
    default: Any = field(default_factory=list)

    def read(self, value: Any, language: str) -> list[str]:
        if not isinstance(value, list):
            raise Wrong(_("Write a list in square brackets."))
        for one in value:
            if one not in self.choices.values:
                _refuse(one, self.choices.values)
        if len(set(value)) != len(value):
            raise Wrong(_("Name each only once."))
        return list(value)

    def write(self, value: Any) -> str:
        return "[" + ", ".join(quoted(one) for one in value) + "]"


@dataclass(frozen=True)
class Links(Field):
    """Tracked links: [{ kind, title, url }]; `key` is the name in the text, the title where it is left out."""

    default: Any = field(default_factory=list)
    KNOWN = ("kind", "title", "url", "key", "object_id")

    def read(self, value: Any, language: str) -> list[dict[str, str]]:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise Wrong(_("Write links as { kind = …, title = … } in square brackets."))
        found = [self._link(one, language) for one in value]
        if len({one["key"] for one in found}) != len(found):
            raise Wrong(_("Two links have the same name."))
        return found

    def _link(self, raw: dict[str, Any], language: str) -> dict[str, str]:
        strange = [name for name in raw if name not in self.KNOWN]
        if strange:
            raise Wrong(_("A link has no “%(name)s”.") % {"name": strange[0][:40]})
        kind = Choice(self.label, choices=LinkKind).read(raw.get("kind", ""), language)
        title = Words(self.label, required=True).read(raw.get("title", ""), language)
        key = Words(self.label, required=True).read(raw.get("key", title), language)
        url = Words(self.label, length=500).read(raw.get("url", ""), language)
        if url and not url.startswith(("https://", "http://")):
            raise Wrong(_("A link's address begins with https://."))
        found = {"key": key, "title": title, "kind": kind, "url": url}
        if "object_id" in raw:
            found["object_id"] = Words(self.label, length=120).read(raw["object_id"], language)
        return found

    def write(self, value: Any) -> str:
        return "[" + ", ".join(self._table(one) for one in value) + "]"

    def _table(self, link: Mapping[str, str]) -> str:
        shown = {
            name: link[name]
            for name in self.KNOWN
            if link.get(name) and (name != "key" or link["key"] != link["title"])
        }
        return "{ " + ", ".join(f"{name} = {quoted(value)}" for name, value in shown.items()) + " }"


@dataclass(frozen=True)
class Cards(Field):
    """Link cards that go along: [{ title, url, description, image_url }]. Kept files are one company's own."""

    default: Any = field(default_factory=list)
    KNOWN = ("title", "url", "description", "image_url")

    def read(self, value: Any, language: str) -> list[dict[str, Any]]:
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise Wrong(_("Write link cards as { title = …, url = … } in square brackets."))
        strange = [name for one in value for name in one if name not in self.KNOWN]
        if strange:
            raise Wrong(_("A link card has no “%(name)s”.") % {"name": strange[0][:40]})
        try:
            return [one.to_dict() for one in attachments_read([{"kind": LINK, **one} for one in value])]
        except AttachmentRefused as error:
            raise Wrong(str(error.message)) from error

    def write(self, value: Any) -> str:
        return "[" + ", ".join(self._table(one) for one in value) + "]"

    def _table(self, card: Mapping[str, Any]) -> str:
        shown = [f"{name} = {quoted(card[name])}" for name in self.KNOWN if card.get(name)]
        return "{ " + ", ".join(shown) + " }"


@dataclass(frozen=True)
class Value(Field):
    """What an exit rule compares with: a number or a word; None where it needs none."""

    def read(self, value: Any, language: str) -> int | str:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise Wrong(_("Write a whole number, or a word in quotes."))
        return value

    def write(self, value: Any) -> str:
        return str(value) if isinstance(value, int) else quoted(value)


def _refuse(value: object, known: Iterable[str]) -> NoReturn:
    said = _("“%(value)s” is not known here. Choose one of: %(known)s.")
    raise Wrong(said % {"value": str(value)[:40], "known": ", ".join(one for one in known if one)})


def quoted(value: str) -> str:
    """A basic TOML string on one line."""
    return f'"{_escaped(value)}"'


def block(value: str) -> str:
    """A basic TOML string over several lines."""
    return '"""\n' + "\n".join(_escaped(line) for line in value.split("\n")) + '"""'


def _escaped(value: str) -> str:
    plain = value.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(one if one == "\t" or " " <= one != "\x7f" else f"\\u{ord(one):04x}" for one in plain)


TEMPLATE_FIELDS: dict[str, Field] = {
    "kind": Choice(
        gettext_lazy("kind"), required=True, choices=TemplateKind, without=frozenset(HIDDEN_KINDS)
    ),
    "group_kind": Choice(gettext_lazy("type of group"), choices=Kind, blank=True),
    "days": Number(gettext_lazy("days"), required=True, least=1),
    "after_days": Number(gettext_lazy("days after the end"), most=60),
    "name": Words(gettext_lazy("name"), required=True),
    "purpose": Words(gettext_lazy("purpose"), length=200),
}
OFFER_FIELDS: dict[str, Field] = {
    "day": Number(gettext_lazy("day the offer ends"), required=True, least=1),
    "at": Moment(gettext_lazy("hour the offer ends"), required=True),
}
PHASE_FIELDS: dict[str, Field] = {
    "key": Key(gettext_lazy("key"), required=True, length=16),
    "first": Number(gettext_lazy("first day"), required=True, least=1, most=LAST_DAY + 60),
    "last": Number(gettext_lazy("last day"), required=True, least=1, most=LAST_DAY + 60),
    "name": Words(gettext_lazy("name"), length=40),
    "note": Words(gettext_lazy("remark"), length=200),
    "entry": Words(gettext_lazy("who enters"), length=120),
    "exit": Words(gettext_lazy("who is through"), length=120),
    "metric": Words(gettext_lazy("what is watched"), length=120),
}
STEP_FIELDS: dict[str, Field] = {
    "key": Key(gettext_lazy("key"), required=True),
    "phase": Key(gettext_lazy("phase"), length=16),
    "link": Number(gettext_lazy("link"), default=None, least=1, most=5),
    "parts": Several(gettext_lazy("parts"), choices=Part),
    "anchor": Choice(gettext_lazy("counted from"), default="run_start", choices=Anchor),
    "day": Number(gettext_lazy("day"), default=None, least=1, most=LAST_DAY + 60),
    "at": Moment(gettext_lazy("time")),
    "on": Day(gettext_lazy("date")),
    "trigger_count": Number(gettext_lazy("how many"), default=1, least=1, most=100_000),
    "trigger_kind": Choice(gettext_lazy("what is done"), choices=BehaviourKind, blank=True),
    "trigger_object": Words(gettext_lazy("only with"), length=128),
    "trigger_hours": Number(gettext_lazy("within hours"), most=24 * LAST_DAY),
    "trigger_step": Key(gettext_lazy("step that is answered")),
    "repeats": Flag(gettext_lazy("each time")),
    "offset_minutes": Number(gettext_lazy("minutes after or before"), least=-60 * 24 * 60, most=60 * 24 * LAST_DAY),
    "window_minutes": Number(gettext_lazy("window, minutes"), default=60, least=5, most=1440),
    "channel": Choice(gettext_lazy("channel"), required=True, choices=Channel),
    "replace_channel": Choice(gettext_lazy("other channel"), choices=Channel, blank=True),
    "content_type": Choice(gettext_lazy("content type"), required=True, choices=ContentType),
    "audience": Choice(gettext_lazy("for whom"), default="members", choices=Audience),
    "role": Choice(gettext_lazy("carried out by"), default="owner", choices=StepRole),
    "evidence": Choice(gettext_lazy("proof"), default="note", choices=Evidence),
    "mark": Choice(gettext_lazy("peak-end mark"), choices=Mark, blank=True),
    "on_block": Choice(gettext_lazy("when it may not go out"), default="drop", choices=OnBlock),
    "catch_up": Choice(gettext_lazy("after the window"), default="skip", choices=CatchUp),
    "priority": Number(gettext_lazy("priority"), default=50, most=1000),
    "is_marketing": Flag(gettext_lazy("sells something")),
    "is_first_offer": Flag(gettext_lazy("join coupon or first-order offer")),
    "is_service": Flag(gettext_lazy("service message")),
    "opens_talk": Flag(gettext_lazy("asks for an answer")),
    "talk_for": Choice(gettext_lazy("conversations with"), choices=TalkFor, blank=True),
    "talk_hours": Number(gettext_lazy("conversations after hours"), default=24, least=1, most=168),
    "talk_most": Number(gettext_lazy("conversations a colleague and day"), default=10, least=1, most=100),
    "talk_text": Words(gettext_lazy("words of the conversation"), length=600, lines=True),
    "strategy": Choice(gettext_lazy("strategy"), choices=Strategy, blank=True),
    "cost_minutes": Number(gettext_lazy("minutes a group"), default=5, most=240),
    "links": Links(gettext_lazy("links")),
    "attachments": Cards(gettext_lazy("link cards")),
    "title": Words(gettext_lazy("title"), required=True),
    "text": Words(gettext_lazy("message"), length=TEXT_LENGTH, lines=True),
    "goal": Words(gettext_lazy("goal"), length=80),
}  # fmt: skip


EXIT_FIELDS: dict[str, Field] = {
    "rule": Choice(gettext_lazy("rule"), required=True, choices=ExitRule, without=TAG_EXITS),
    "value": Value(gettext_lazy("value")),
}


def filled(fields: Mapping[str, Field], name: str) -> Any:
    """What a field holds that the file leaves out; lists are new ones."""
    default = fields[name].default
    return list(default) if isinstance(default, list) else default
