"""Words that are stored and said later, to a reader whose language nobody knows yet.

`say` and its like give the English id and the facts it speaks of: text in the language at work whenever it is turned
into one. `stored` makes JSON of them and `told` text of that JSON. The catalogue finds their ids as it finds gettext's.
Texts that people wrote are plain strings and stay what they are.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.functional import Promise

Words = Any  # a str, what `say` and its like give, or one of Django's lazy translations


@dataclass(frozen=True)
class Said:
    """One message: its English id and the facts it names. `plural` and `count` as in ngettext."""

    message: str
    plural: str = ""
    count: int = 0
    context: str = ""
    facts: Mapping[str, Words] = field(default_factory=dict)

    def __mod__(self, facts: Mapping[str, Words]) -> "Said":
        return replace(self, facts=dict(facts))

    def __str__(self) -> str:
        said = self._message()
        return said % {name: _plain(one) for name, one in self.facts.items()} if self.facts else said

    @property
    def is_known(self) -> bool:
        """Whether the language at work has words of its own for it; English has the ids."""
        return (translation.get_language() or "").startswith("en") or self._message() not in (
            self.message,
            self.plural,
        )

    def _message(self) -> str:
        if self.plural and self.context:
            return translation.npgettext(self.context, self.message, self.plural, self.count)
        if self.plural:
            return translation.ngettext(self.message, self.plural, self.count)
        if self.context:
            return translation.pgettext(self.context, self.message)
        return translation.gettext(self.message)


@dataclass(frozen=True)
class Listed:
    """Several words one after the other; empty ones are left out."""

    parts: tuple[Words, ...]
    between: Words = " · "

    def __str__(self) -> str:
        return str(self.between).join(one for one in map(str, self.parts) if one)


@dataclass(frozen=True)
class Day:
    """A day of the calendar, as each language writes it."""

    day: date

    def __str__(self) -> str:
        return str(date_format(self.day, "MONTH_DAY_FORMAT"))


@dataclass(frozen=True)
class Each:
    """A text that was put into words already, once for each language."""

    texts: Mapping[str, str]

    def __str__(self) -> str:
        return in_language(self.texts)


def say(message: str) -> Said:
    """Words of one English id; `%` with a dict gives them their facts."""
    return Said(message)


def say_count(message: str, plural: str, count: int) -> Said:
    """The same for one or many; `count` decides, and is a fact only if `%` says so too."""
    return Said(message, plural=plural, count=count)


def say_list(parts: Iterable[Words], between: Words = " · ") -> Listed:
    """Words one after the other."""
    return Listed(tuple(parts), between)


def say_day(day: date) -> Day:
    """The month and day of a date."""
    return Day(day)


def say_each(make: Callable[[], Any]) -> Each:
    """For words that only a function knows: it is asked once for each language, now."""
    texts = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            texts[language] = str(make())
    return Each(texts)


def texts_of(words: Words) -> list[str]:
    """What words are in each language, in the order of settings.LANGUAGES."""
    return list(say_each(lambda: words).texts.values())


def in_language(texts: Mapping[str, str]) -> str:
    """The text of the language at work, else whatever there is."""
    return texts.get(translation.get_language() or "") or next(iter(texts.values()), "")


def _plain(fact: Words) -> Any:
    """A fact as % takes it: numbers keep their formats."""
    return fact if isinstance(fact, int | float) else str(fact)


def stored(words: Words) -> Any:
    """JSON of words: a text or number as it is, what can be said in any language as an object."""
    if isinstance(words, Promise):
        words = _unlazied(words)
    if isinstance(words, Said):
        found: dict[str, Any] = {"m": words.message}
        if words.plural:
            found |= {"p": words.plural, "n": words.count}
        if words.context:
            found["c"] = words.context
        if words.facts:
            found["f"] = {name: stored(one) for name, one in words.facts.items()}
        return found
    if isinstance(words, Listed):
        return {"l": [stored(one) for one in words.parts], "b": stored(words.between)}
    if isinstance(words, Day):
        return {"d": words.day.isoformat()}
    if isinstance(words, Each):
        return {"e": dict(words.texts)}
    return words if isinstance(words, int | float) else str(words)


def _unlazied(words: Promise) -> Words:
    """The Said behind one of Django's lazy translations; another lazy text is said now."""
    how: Any = words.__reduce__()
    made_by, asked = how[1][:2]
    if made_by is translation.gettext:
        return Said(asked[0])
    if made_by is translation.pgettext:
        return Said(asked[1], context=asked[0])
    return str(words)


def read(held: Any) -> Words:
    """Words again of what `stored` made."""
    if not isinstance(held, dict):
        return held
    if "l" in held:
        return Listed(tuple(read(one) for one in held["l"]), read(held["b"]))
    if "d" in held:
        return Day(date.fromisoformat(held["d"]))
    if "e" in held:
        return Each(held["e"])
    return Said(
        held["m"],
        plural=held.get("p", ""),
        count=held.get("n", 0),
        context=held.get("c", ""),
        facts={name: read(one) for name, one in held.get("f", {}).items()},
    )


def told(held: Any, otherwise: str) -> str:
    """What `stored` made, in the language at work; `otherwise` where the catalogue no longer knows its id."""
    words = read(held)
    try:
        return str(words) if _is_known(words) else otherwise
    except (KeyError, TypeError, ValueError):  # its sentence was rewritten with other facts meanwhile
        return otherwise


def _is_known(words: Words) -> bool:
    if isinstance(words, Said):
        return words.is_known and all(_is_known(one) for one in words.facts.values())
    if isinstance(words, Listed):
        return all(_is_known(one) for one in words.parts)
    return True


def facts_of(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """{name: JSON} of those of the named fields that any language has words for; what people wrote is left out."""
    found = {name: stored(fields[name]) for name in names if name in fields}
    return {name: facts for name, facts in found.items() if isinstance(facts, dict)}


def in_the_companys(words: Words) -> str:
    """The text of words in the language that columns hold."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(words)
