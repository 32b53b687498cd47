"""What to do with a due touch, before and after the gate was asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sop.enums import CatchUp, OnBlock, Rule


class Verdict(StrEnum):
    """What the dispatcher does next with a touch."""

    SEND = "send"  # ask the gate, hand over
    EXPIRE = "expire"  # its window passed
    PARK = "park"  # a person decides
    CANCEL = "cancel"  # its run is over
    BLOCK = "block"  # the gate's no is final
    FAIL = "fail"  # nobody can carry it out
    RETIME = "retime"  # try again later, inside the window
    REPLACE = "replace"  # try at once on another channel


@dataclass(frozen=True)
class Ruling:
    """A verdict with the rule that made it. `at` is set for RETIME: aware UTC."""

    verdict: Verdict
    rule: str = ""
    at: datetime | None = None


def before_gate(
    *,
    now: datetime,
    window_ends_at: datetime,
    catch_up: str,
    run_is_live: bool,
    offer_ends_at: datetime | None,
) -> Ruling:
    """Whether a due touch may still be asked for.

    `offer_ends_at` is given for touches that lose their meaning with the offer: they are never sent after it,
    whatever the catch-up policy says.
    """
    if not run_is_live:
        return Ruling(Verdict.CANCEL, Rule.RUN_ENDED)
    if offer_ends_at is not None and now >= offer_ends_at:
        return Ruling(Verdict.EXPIRE, Rule.OFFER_ENDED)
    if now <= window_ends_at or catch_up == CatchUp.LATE:
        return Ruling(Verdict.SEND)
    if catch_up == CatchUp.ASK:
        return Ruling(Verdict.PARK, Rule.ASK)
    return Ruling(Verdict.EXPIRE, Rule.WINDOW)


def after_refusal(
    *,
    rule: str,
    retry_at: datetime | None,
    window_ends_at: datetime,
    now: datetime,
    on_block: str,
    can_replace: bool,
) -> Ruling:
    """What a refusal of the gate leads to.

    Delaying works only inside the window; replacing only when another channel is named and was not tried yet.
    Both fall back to the block, which is a row with its rule and never silent.
    """
    if on_block == OnBlock.DELAY and retry_at is not None and now < retry_at <= window_ends_at:
        return Ruling(Verdict.RETIME, rule, retry_at)
    if on_block == OnBlock.REPLACE and can_replace:
        return Ruling(Verdict.REPLACE, rule)
    return Ruling(Verdict.BLOCK, rule)


def lateness_s(*, planned_at: datetime, handed_at: datetime) -> int:
    """Whole seconds between plan and hand-over; 0 when it was not late."""
    return max(0, int((handed_at - planned_at).total_seconds()))
