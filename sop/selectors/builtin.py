"""The built-in templates: data files beside the code, in both languages."""

import tomllib
from dataclasses import dataclass
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any

from sop.errors import BuiltinUnknown

_FOLDER = Path(__file__).resolve().parent.parent / "builtin"
_DEFAULTS: dict[str, Any] = {
    "anchor": "run_start", "day": None, "at": None, "offset_minutes": 0, "window_minutes": 60,
    "replace_channel": "", "link": None, "role": "owner", "audience": "members", "evidence": "note", "mark": "",
    "on_block": "drop", "catch_up": "skip", "priority": 50, "is_marketing": False, "is_service": False,
    "opens_talk": False, "strategy": "", "cost_minutes": 5,
}  # fmt: skip
_WORDS = ("title", "text", "goal")


@dataclass(frozen=True)
class Builtin:
    """A built-in template in one language. `steps` hold the fields of Step; `phases` those of Version."""

    code: str
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


def builtin_codes() -> list[str]:
    """Codes in the order of the gallery."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


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
    raw = tomllib.loads((_FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    offer = raw.get("offer", {})
    return Builtin(
        code=code,
        name=raw["name"][language],
        purpose=raw["purpose"][language],
        kind=raw["kind"],
        group_kind=raw.get("group_kind", ""),
        days=raw["days"],
        after_days=raw.get("after_days", 0),
        offer_day=offer.get("day"),
        offer_at=offer.get("at"),
        phases=[
            {**phase, "name": phase["name"][language], "note": phase["note"][language]}
            for phase in raw["phases"]
        ],
        steps=[_step(one, language) for one in raw["steps"]],
    )


def _step(raw: dict[str, Any], language: str) -> dict[str, Any]:
    words = {field: raw.get(field, {}).get(language, "") for field in _WORDS}
    links = [
        {**link, "key": link["title"][language], "title": link["title"][language], "url": link.get("url", "")}
        for link in raw.get("links", [])
    ]
    plain = {key: value for key, value in raw.items() if key not in (*_WORDS, "links")}
    return {**_DEFAULTS, **plain, **words, "text": words["text"].strip(), "links": links}
