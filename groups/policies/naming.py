"""Names for many groups of a series at once, and what is wrong with each (R10)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from groups.policies.checks import REGISTRY
from groups.policies.plan import GroupPlan

CHECKS = ("NAME-01", "NAME-02", "NAME-03", "NAME-04")
PATTERN = "{品牌}{主题}{序号}群"
_MARKS = {
    "brand": ("{品牌}", "{brand}"),
    "theme": ("{主题}", "{theme}"),
    "number": ("{序号}", "{number}"),
    "place": ("{地点}", "{place}"),
}


@dataclass(frozen=True)
class Recipe:
    """How names are made. `places` are taken in turn, one a name; `width` fills numbers with zeros."""

    pattern: str = PATTERN
    brand: str = ""
    theme: str = ""
    first: int = 1
    width: int = 2
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class NameRow:
    """One name and what is wrong with it: (code, sentence). `stops`: it cannot be used like this."""

    name: str
    wrong: tuple[tuple[str, str], ...]
    stops: bool


def names_made(recipe: Recipe, count: int) -> list[str]:
    """`count` names by the recipe, in order."""
    return [_filled(recipe, number) for number in range(count)]


def name_after(name: str, taken: Iterable[str]) -> str:
    """The name with its last number counted on until nobody has it; "" for a name without a number."""
    numbers = list(re.finditer(r"[0-9]+", name))
    if not numbers:
        return ""
    last, used = numbers[-1], {one.casefold() for one in taken}
    number = int(last[0])
    while True:
        number += 1
        made = f"{name[: last.start()]}{number:0{len(last[0])}d}{name[last.end() :]}"
        if made.casefold() not in used:
            return made


def _filled(recipe: Recipe, number: int) -> str:
    values = {
        "brand": recipe.brand,
        "theme": recipe.theme,
        "number": f"{recipe.first + number:0{recipe.width}d}",
        "place": recipe.places[number] if number < len(recipe.places) else "",
    }
    name = recipe.pattern
    for key, marks in _MARKS.items():
        for mark in marks:
            name = name.replace(mark, values[key])
    return name.strip()


def judged_names(names: Sequence[str], *, plan: GroupPlan, taken: Iterable[str] = ()) -> list[NameRow]:
    """Each name by the checks of a group's name, and whether another group or an earlier row has it already.

    `plan` carries brand, series, siblings and limits; several names make each other siblings.
    """
    used = {one.casefold() for one in taken if one}
    siblings = max(plan.sibling_count, len(names) - 1)
    found = []
    for name in names:
        judged = replace(plan, name=name, sibling_count=siblings)
        wrong, stops = [], False
        for code in CHECKS:
            fault = REGISTRY[code].test(judged)
            if fault is not None:
                wrong.append((code, fault.message))
                stops = stops or REGISTRY[code].severity == "block"
        if name.casefold() in used:
            wrong.append(("R10", _("Another group has this name.")))
            stops = True
        used.add(name.casefold())
        found.append(NameRow(name, tuple(wrong), stops))
    return found
