"""docs/requirements.md names only what exists: files, routes, tests."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings

from tests.isolation.routes import routes

pytestmark = pytest.mark.unit

ROOT = Path(settings.BASE_DIR)
_ROW = re.compile(r"^\| R(\d+) \|(.+)\|$")
_COLUMNS = ("what", "code", "page", "test")


def rows() -> list[tuple[int, dict[str, str]]]:
    """(number, {column: cell}) of every requirement on the page, in its order."""
    found = []
    for line in (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8").splitlines():
        if match := _ROW.match(line):
            cells = [cell.strip() for cell in match[2].split(" | ")]
            found.append((int(match[1]), dict(zip(_COLUMNS, cells, strict=True))))
    return found


def named(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def missing(cells: dict[str, str], known_routes: set[str]) -> list[str]:
    """What a row names and nobody finds."""
    lost = [path for path in named(cells["code"]) if not (ROOT / path).exists()]
    lost += [route for route in named(cells["page"]) if route not in known_routes]
    for one in named(cells["test"]):
        path, _colons, name = one.partition("::")
        name = name.rpartition("::")[2]  # of a class: its method
        if not (ROOT / path).is_file() or name not in functions_of(path):
            lost.append(one)
    return lost


def test_everything_named_exists():
    known = {name for name, _path, _view in routes()}
    lost = {f"R{number}": missing(cells, known) for number, cells in rows()}
    assert {number: names for number, names in lost.items() if names} == {}


def test_each_requirement_has_one_row_in_order_with_code_and_a_test():
    numbers = [number for number, _cells in rows()]
    assert numbers
    assert numbers == sorted(set(numbers))
    assert [number for number, cells in rows() if not named(cells["code"]) or not named(cells["test"])] == []


def test_a_row_that_names_nothing_real_is_noticed():
    cells = {"what": "", "code": "`groups/nowhere.py`", "page": "`groups:nowhere`",
             "test": "`tests/architecture/test_requirements.py::test_of_nothing`"}  # fmt: skip
    assert len(missing(cells, set())) == 3
