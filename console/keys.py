"""Row ids as forms and addresses give them: whatever a person or a program may send."""

from collections.abc import Iterable

_DIGITS = 18  # what PostgreSQL's bigint holds whatever the digits are


def key_of(raw: str | None) -> int | None:
    """The id, or None for anything that cannot be one."""
    return int(raw) if raw and raw.isdecimal() and len(raw) <= _DIGITS else None


def keys_of(raw: Iterable[str]) -> list[int]:
    """Every id among them, in order, each once."""
    return list(dict.fromkeys(one for one in map(key_of, raw) if one is not None))
