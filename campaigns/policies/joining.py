"""Who gets something for joining, until when, and who loses it again. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.enums.joining import JoinReason


@dataclass(frozen=True)
class Joined:
    """What is known of somebody who came into a group. `before`: a record of the person was in one of the groups
    earlier. `has_part`: another record of the person takes part already. `is_inside`: the person sits there now."""

    is_staff: bool = False
    is_barred: bool = False
    has_part: bool = False
    before: bool = False
    is_inside: bool = True


def refusal(who: Joined) -> JoinReason | None:
    """Why somebody gets nothing for joining; None for a newcomer. The plainest reason comes first."""
    found = {
        JoinReason.STAFF: who.is_staff,
        JoinReason.SAME: who.has_part,
        JoinReason.BEFORE: who.before,
        JoinReason.BARRED: who.is_barred,
        JoinReason.LEFT: not who.is_inside,
    }
    return next((why for why, holds in found.items() if holds), None)


def stay_until(joined_at: datetime, days: int) -> datetime:
    """From then on leaving takes nothing back."""
    return joined_at + timedelta(days=days)


def leaves_early(joined_at: datetime, left_at: datetime, days: int) -> bool:
    """Whether the stay was not over. Of a play without a stay nobody leaves early."""
    return days > 0 and left_at < stay_until(joined_at, days)


def is_in_time(at: datetime, joined_at: datetime, until: datetime) -> bool:
    """Whether what was done at `at` counts as the task: from the join on, before its time is over."""
    return joined_at <= at < until
