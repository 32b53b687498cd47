"""`python -m launch.catalogues collect|compile|check`: translations by Babel, so that no system tool is needed.

Message ids are English; every other language has one catalogue, locale/<language>/LC_MESSAGES/django.po.
Needs the virtual environment, unlike the rest of this package.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from launch.layout import Layout

# What users never see: the tools around the product.
UNSEEN = frozenset({"tests", "launch", "simulator", "smoke", "benchmarks", "demo", "deploy", "docs",
                    "node_modules", "static", "locale"})  # fmt: skip
LAZY = {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
KEYWORDS: dict[str, Any] = DEFAULT_KEYWORDS | LAZY
# A fixed date: the catalogue changes only when a message does.
DATED = datetime(2026, 1, 1, tzinfo=UTC)
SHOWN_AT_MOST = 40
TEMPLATES = "launch.catalogues:extract_template"


def extract_template(
    fileobj: io.BytesIO, keywords: dict[str, Any], comment_tags: list[str], options: Any
) -> Iterator[tuple[int, Any, Any, Any]]:
    """Messages of a Django template. Django turns it into something that reads as Python; indents would not."""
    source = templatize(fileobj.read().decode())
    flat = "\n".join(line.strip() for line in source.splitlines())
    yield from extract_python(io.BytesIO(flat.encode()), keywords, comment_tags, options)


def extract(root: Path) -> Catalog:
    """Every message id that the product shows, with the files that show it."""
    found = Catalog()
    folders = sorted(
        path for path in root.iterdir()
        if path.is_dir() and path.name not in UNSEEN and not path.name.startswith(".")
    )  # fmt: skip
    for folder in folders:
        rows = extract_from_dir(
            folder,
            method_map=[("**.py", "python"), ("**.html", TEMPLATES), ("**.txt", TEMPLATES)],
            keywords=KEYWORDS,
        )
        for name, _, message, comments, context in rows:
            if message and message != ("",):
                found.add(
                    message, locations=[(f"{folder.name}/{name}", 0)], auto_comments=comments, context=context
                )
    return found


def catalogues(root: Path) -> list[Path]:
    return sorted(root.glob("locale/*/LC_MESSAGES/django.po"))


def read(path: Path) -> Catalog:
    """A catalogue from its file; its language is the folder's name."""
    language = path.parent.parent.name if path.parent.name == "LC_MESSAGES" else "zh_Hans"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def collect(root: Path) -> None:
    """Bring each catalogue up to date: new messages in, gone ones out, and gaps filled from locale/parts/."""
    template = extract(root)
    parts = [read(path) for path in sorted(root.glob("locale/parts/*.po"))]
    for path in catalogues(root):
        catalogue = read(path)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        for part in parts:
            _fill(catalogue, part)
        catalogue.creation_date = catalogue.revision_date = DATED
        with path.open("wb") as file:
            write_po(file, catalogue, width=100, include_lineno=False, sort_by_file=True)
        gaps = sum(1 for message in catalogue if message.id and not _is_done(message))
        print(f"{path.relative_to(root)}: {len(catalogue)} messages, {gaps} without translation")


def compile_all(root: Path) -> None:
    """Write the binary catalogue beside each readable one."""
    for path in catalogues(root):
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, read(path))


def check(root: Path) -> list[str]:
    """What keeps a catalogue from being complete: one line for each gap, none when all is translated."""
    template = extract(root)
    problems: list[str] = []
    for path in catalogues(root):
        catalogue = read(path)
        name = path.relative_to(root)
        for wanted in template:
            if not wanted.id:
                continue
            have = catalogue.get(_key(wanted), wanted.context)
            problem = _problem(have, catalogue)
            if problem:
                where = wanted.locations[0][0] if wanted.locations else "?"
                problems.append(f"{name}: {problem}: {_key(wanted)!r} ({where})")
    return problems


def _fill(catalogue: Catalog, part: Catalog) -> None:
    for given in part:
        have = catalogue.get(_key(given), given.context) if given.id else None
        if have is not None and not _is_done(have) and _is_done(given):
            have.string = _shaped(have, given)
            have.flags.discard("fuzzy")


def _shaped(have: Message, given: Message) -> Any:
    """A translation in the form its place needs: a plural entry takes a tuple, a plain one a string."""
    first = given.string[0] if isinstance(given.string, (tuple, list)) else given.string
    return (first,) if isinstance(have.id, (tuple, list)) else first


def _problem(have: Message | None, catalogue: Catalog) -> str | None:
    if have is None:
        return "not collected (`make messages`)"
    if not _is_done(have):
        return "fuzzy" if have.fuzzy else "not translated"
    errors = have.check(catalogue)
    return str(errors[0]) if errors else None


def _is_done(message: Message) -> bool:
    texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return not message.fuzzy and bool(texts) and all(texts)


def _key(message: Message) -> str:
    return message.id[0] if isinstance(message.id, (tuple, list)) else message.id


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m launch.catalogues")
    parser.add_argument("action", choices=["collect", "compile", "check"])
    action = parser.parse_args(arguments).action
    root = Layout.here().root
    if action == "check":
        problems = check(root)
        print("\n".join(problems[:SHOWN_AT_MOST]))
        if len(problems) > SHOWN_AT_MOST:
            print(f"... and {len(problems) - SHOWN_AT_MOST} more")
        return 1 if problems else 0
    (collect if action == "collect" else compile_all)(root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
