"""The built-in templates: data files beside the code, in both languages."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sop.errors import BuiltinUnknown
from sop.policies.template_file import Blueprint, read

_FOLDER = Path(__file__).resolve().parent.parent / "builtin"
# The order of the library: what comes first in a group's life stands first.
_ORDER = (
    "planning", "setup", "bootcamp5", "camp30", "flash", "daily", "super_user", "delivery_learning",
    "delivery_service", "crisis",
)  # fmt: skip
# Camps whose words hold at any length, and the lengths that are offered.
LENGTHS = {"bootcamp5": (8, 10), "camp30": (30, 21, 14)}


@dataclass(frozen=True, kw_only=True)
class Builtin(Blueprint):
    """A built-in template in one language."""

    code: str

    @property
    def lengths(self) -> tuple[int, ...]:
        """Days it may be copied with, its own first; empty where its words belong to its days."""
        return LENGTHS.get(self.code, ())


@cache
def builtin_codes() -> list[str]:
    """Codes in the order of the library; what it does not know comes last."""
    codes = sorted(path.stem for path in _FOLDER.glob("*.toml"))
    return sorted(codes, key=lambda code: _ORDER.index(code) if code in _ORDER else len(_ORDER))


def builtin_list(*, language: str) -> list[Builtin]:
    """All built-in templates. `language`: "zh" or "en"."""
    return [builtin_get(code=code, language=language) for code in builtin_codes()]


def builtin_get(*, code: str, language: str) -> Builtin:
    """One of them. Raises BuiltinUnknown. Treat the result as read-only: it is shared."""
    if code not in builtin_codes():
        raise BuiltinUnknown
    return _read(code, "zh" if language.startswith("zh") else "en")


@cache
def _read(code: str, language: str) -> Builtin:
    found = read((_FOLDER / f"{code}.toml").read_text(encoding="utf-8"), language=language)
    return Builtin(code=code, **vars(found))
