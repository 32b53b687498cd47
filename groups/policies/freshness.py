"""How old what we know of a group is, and whether that is as it should be. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

NIGHT_MISSED = timedelta(hours=26)  # every group is compared each night


@dataclass(frozen=True)
class Stamp:
    """`state`: fresh, old (a night's comparison passed it by), doubtful (callbacks do not arrive), ended, unread."""

    state: str
    as_of: datetime | None = None

    @property
    def tone(self) -> str:
        return {"old": "warn", "doubtful": "warn"}.get(self.state, "")


def stamp_of(
    *,
    is_linked: bool,
    as_of: datetime | None,
    dismissed_at: datetime | None,
    now: datetime,
    callbacks_bad: bool,
) -> Stamp:
    """The stamp of one group. `as_of` is the moment our state of its members describes: an event's, or a read's."""
    if dismissed_at is not None:
        return Stamp("ended", dismissed_at)
    if not is_linked or as_of is None:
        return Stamp("unread")
    if callbacks_bad:
        return Stamp("doubtful", as_of)
    return Stamp("old" if now - as_of > NIGHT_MISSED else "fresh", as_of)
