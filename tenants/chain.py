"""The hash chain over a tenant's audit trail (R129): what is hashed, and how. docs/audit.md tells it to outsiders.

Two hashes for each entry. `personal_of` binds the words that an erasure may take away, behind a salt that goes with
them: without it nobody can guess them back. `link_of` binds all the rest, that hash, and the link before. So a person
can be erased, and the chain still holds.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIRST_LINK = "0" * 64  # what the first entry has before it
SALT_BYTES = 16


@dataclass(frozen=True)
class Written:
    """One entry as it stands in the trail. Times are aware; `changes` is {"field": [before, after]}."""

    id: int
    at: datetime
    actor_kind: str
    actor_id: int | None
    actor_name: str
    verb: str
    target_kind: str
    target_id: str
    target_name: str
    changes: Mapping[str, Any]
    reason: str
    redacted_at: datetime | None

    @property
    def is_blank(self) -> bool:
        """Whether it holds no word that an erasure takes away."""
        empty = all(pair == [None, None] for pair in self.changes.values())
        return empty and not self.target_name and not self.reason


def moment(value: datetime) -> str:
    """A moment as it is hashed: UTC, microseconds."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def digest(value: Any) -> str:
    """sha256, hex, of the value as JSON: UTF-8, no spaces, keys in order."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def personal_of(salt: str, entry: Written) -> str:
    """The hash of the words that may be erased. `salt` is hex."""
    return digest([salt, entry.target_name, entry.changes, entry.reason])


def link_of(
    *, tenant_id: int, number: int, before: str, sealed_at: datetime, entry: Written, personal: str
) -> str:
    """The link of the entry with this number; `before` is the link of the one before, `personal` from personal_of."""
    return digest(
        [
            tenant_id, number, before, moment(sealed_at), entry.id, moment(entry.at), entry.actor_kind, entry.actor_id,
            entry.actor_name, entry.verb, entry.target_kind, entry.target_id, sorted(entry.changes), personal,
        ]
    )  # fmt: skip
