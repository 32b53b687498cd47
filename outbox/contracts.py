"""The shape of a domain event: what happened, in past tense, with ids only."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Self

_kinds: dict[str, type["DomainEvent"]] = {}


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """Base of every event. Subclasses are frozen dataclasses of JSON values and aware datetimes.

    `name` is "<app>.<entity>.<past>" and stored data: renaming one is a migration. `version` rises when the
    fields change; a handler must read every version it may still find in the table.
    """

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1

    tenant_id: int
    occurred_at: datetime

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name in _kinds and _kinds[cls.name].__qualname__ != cls.__qualname__:
            raise TypeError(f"two events are named {cls.name}")
        _kinds[cls.name] = cls

    def to_payload(self) -> dict[str, Any]:
        """JSON values; tenant and time have columns of their own."""
        body = asdict(self)
        del body["tenant_id"], body["occurred_at"]
        return {key: one.isoformat() if isinstance(one, datetime) else one for key, one in body.items()}

    @classmethod
    def from_row(cls, *, tenant_id: int, occurred_at: datetime, payload: dict[str, Any]) -> Self:
        """The event as it was published; unknown keys of older versions are left out."""
        known = {one.name: one.type for one in fields(cls)}
        body = {
            key: datetime.fromisoformat(value) if known[key] in (datetime, "datetime") else value
            for key, value in payload.items()
            if key in known
        }
        return cls(tenant_id=tenant_id, occurred_at=occurred_at, **body)


def kind_of(name: str) -> type[DomainEvent]:
    """The class of an event name. Raises KeyError for a name nobody declares."""
    return _kinds[name]
