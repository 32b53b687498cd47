"""The message catalogue without system tools: extraction, merging, checking, compiling, all by Babel.

Message ids are English. `locale/zh_Hans/LC_MESSAGES/django.po` is the one source of the Chinese; files in
`locale/parts/` are deliveries: they are merged by --update and then removed.
"""

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

LOCALE = "zh_Hans"
KEYWORDS: dict[str, Any] = {
    "_": None, "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3), "npgettext_lazy": ((1, "c"), 2, 3),
    "say": None, "say_count": (1, 2),  # tenants.words
}  # fmt: skip
TEMPLATE_ENDINGS = {".html", ".txt"}
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)  # a date that moved with every update would be noise in diffs
_PERCENT = re.compile(r"%\((\w+)\)[#0\- +]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa]|%[sd]")

Key = tuple[str | None, str]


@dataclass
class Findings:
    """What keeps the catalogue from being complete; each a list of message ids."""

    missing: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    fuzzy: list[str] = field(default_factory=list)
    obsolete: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [f"{kind}: {text}" for kind, texts in vars(self).items() for text in texts]


def _sources(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        yield from sorted(
            path
            for path in root.rglob("*")
            if path.suffix in TEMPLATE_ENDINGS | {".py"} and "migrations" not in path.parts
        )


def _code(path: Path) -> bytes:
    """Python that calls gettext: the file itself, or what Django makes of a template, one statement a line."""
    text = path.read_text()
    if path.suffix == ".py":
        return text.encode()
    made = templatize(text, origin=str(path))
    return "\n".join(line.strip() for line in made.splitlines()).encode()


def extract(base: Path, roots: Iterable[Path]) -> Catalog:
    """All messages of the Python files and templates under `roots`, with the files that hold them."""
    found = Catalog(locale=LOCALE)
    for path in _sources(roots):
        where = str(path.relative_to(base))
        for _line, call, said, _comments in extract_python(BytesIO(_code(path)), KEYWORDS, [], {}):
            for context, ids in _messages(str(call), said):
                found.add(ids, context=context, locations=[(where, 0)])
    return found


def _messages(call: str, said: Any) -> Iterator[tuple[str | None, str | tuple[str, str]]]:
    parts = list(said) if isinstance(said, tuple) else [said]
    spec = KEYWORDS[call]
    if any(not isinstance(part, str) for part in parts[: len(spec) if spec else 1]):
        return  # not a literal: a variable, or an f-string
    if spec is None:
        yield None, parts[0]
    elif spec == (1, 2):
        yield None, (parts[0], parts[1])
    elif len(spec) == 2:
        yield parts[0], parts[1]
    else:
        yield parts[0], (parts[1], parts[2])


def _key(message: Message) -> Key:
    first = message.id[0] if isinstance(message.id, tuple | list) else message.id
    return message.context, first


def _by_key(catalogue: Catalog) -> dict[Key, Message]:
    return {_key(message): message for message in catalogue if message.id}


def load(path: Path) -> Catalog:
    """A catalogue from disk; an absent file is an empty one."""
    if not path.exists():
        return Catalog(locale=LOCALE)
    with path.open("rb") as source:
        return read_po(source, locale=LOCALE)


def _is_translated(message: Message) -> bool:
    said = message.string
    return all(said) if isinstance(said, tuple | list) else bool(said)


def _as_target(message: Message, source: Message) -> str | tuple[str, ...]:
    """The translation in the shape the source has now: one form, or a tuple of the one Chinese form."""
    text = _texts(source.string)[0]
    return (text,) if isinstance(message.id, tuple | list) else text


def merge(found: Catalog, known: Catalog, deliveries: Iterable[Catalog]) -> Catalog:
    """The found messages with their translations: a delivery's words win over those known before."""
    made = Catalog(
        locale=LOCALE, project="Qunce", version="1", charset="utf-8", fuzzy=False,
        creation_date=_NO_DATE, revision_date=_NO_DATE, header_comment="# Qunce 群策, Simplified Chinese.",
    )  # fmt: skip
    sources = [*(_by_key(one) for one in deliveries), _by_key(known)]
    for key, message in sorted(_by_key(found).items(), key=lambda item: (item[0][1], item[0][0] or "")):
        held = (source[key] for source in sources if key in source and _is_translated(source[key]))
        kept = next((one for one in held if not one.fuzzy), None)
        said = _as_target(message, kept) if kept else None
        files = sorted(set(message.locations))
        made.add(message.id, said, context=message.context, locations=files)
    return made


def save(catalogue: Catalog, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        write_po(target, catalogue, width=100, include_lineno=False)


def compile_po(path: Path) -> Path:
    """Write the .mo beside the .po."""
    target = path.with_suffix(".mo")
    with target.open("wb") as file:
        write_mo(file, load(path))
    return target


def _placeholders(text: str) -> set[str]:
    braces = set()
    if "%" not in text:
        try:
            braces = {f"{{{name}}}" for _text, name, _spec, _conv in string.Formatter().parse(text) if name}
        except ValueError:
            braces = set()
    return {match.group(0) for match in _PERCENT.finditer(text)} | braces


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, tuple | list) else [str(value)]


def _mismatch(message: Message) -> bool:
    wanted = set().union(*(_placeholders(text) for text in _texts(message.id)))
    every = [_placeholders(text) for text in _texts(message.string)]
    return any(held != wanted for held in every)


def check(found: Catalog, known: Catalog) -> Findings:
    """What is missing, empty, fuzzy, obsolete, or has other placeholders than its id."""
    findings = Findings()
    here, there = _by_key(found), _by_key(known)
    for key in here:
        held = there.get(key)
        if held is None:
            findings.missing.append(key[1])
        elif not _is_translated(held):
            findings.empty.append(key[1])
        elif held.fuzzy:
            findings.fuzzy.append(key[1])
        elif _mismatch(held):
            findings.mismatched.append(key[1])
    findings.obsolete += [key[1] for key in there if key not in here]
    return findings
