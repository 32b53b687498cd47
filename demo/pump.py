"""Living through time: jump the clock to the next thing that happens, let both sides act, wait until all is done."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from demo.errands import Errands
from demo.timepiece import Timepiece
from demo.vendor import Vendor
from demo.work import Work, touch_next_at, work_due, work_next_at
from outbox.dispatch import enqueue_platform

# Looking costs more, the more is left to do: the longer it has lasted, the rarer.
LOOK_EVERY_S = 0.03
LOOK_SHARE = 0.05  # of the time waited so far
LOOK_LATEST_S = 2.0
STUCK_AFTER_S = 300  # longer than a killed worker holds its rows (at most four minutes) on a busy machine
SETTLE_ROUNDS = 8
# Polls of send results and the sweeps want a stop now and then.
LONGEST_STEP = timedelta(hours=3)
# What people and polls do closer together than this happens in one step; a touch is never made late by it.
SHORTEST_STEP = timedelta(minutes=40)


# A jump of the clock makes things due between two ticks: these are the ticks asked for at once.
TICKS = {
    "inbound": "wecom.drain_inbound",
    "outbound": "wecom.drain_outbound",
    "deliveries": "outbox.relay_due",
    "touches": "sop.dispatch_due",
    "polls": "sop.poll_results",
    "syncs": "wecom.sync_due",
    "notices": "team.tell",
}
TICK_EVERY_S = 0.5  # what the product starts by itself wakes it: a tick finds only what time made due


class Stuck(RuntimeError):
    """The product has work that is due and does not do it."""


def wait_idle(timepiece: Timepiece, stuck_after_s: float = STUCK_AFTER_S) -> None:
    """Until nothing is due. Raises Stuck naming what is left."""
    began = time.monotonic()
    left: Work | None = None
    quiet, ticked_at = 0, 0.0
    while quiet < 2:
        left = work_due(timepiece.now())
        if not left.is_done and time.monotonic() - ticked_at > TICK_EVERY_S:
            ticked_at = time.monotonic()
            _tick(left)
        quiet = quiet + 1 if left.is_done else 0
        if time.monotonic() - began > stuck_after_s:
            raise Stuck(f"still due after {stuck_after_s:.0f} s: {left}")
        time.sleep(min(max(LOOK_EVERY_S, LOOK_SHARE * (time.monotonic() - began)), LOOK_LATEST_S))


def _tick(left: Work) -> None:
    for kind, count in left._asdict().items():
        if count:
            enqueue_platform(TICKS[kind])


def settle(vendor: Vendor, timepiece: Timepiece) -> datetime | None:
    """Both sides act until neither has anything due. Returns when the simulator's people act next."""
    next_at = vendor.tick()
    for _ in range(SETTLE_ROUNDS):
        wait_idle(timepiece)
        next_at = vendor.tick()
        if (next_at is None or next_at > timepiece.now()) and work_due(timepiece.now()).is_done:
            break
    return next_at


def live_until(
    end: datetime,
    *,
    vendor: Vendor,
    timepiece: Timepiece,
    at_step: Callable[[datetime], None] | None = None,
    errands: Errands | None = None,
) -> int:
    """Live through time up to `end`. `at_step` is called after each step; time waits for the `errands` it begins.

    Returns the number of steps. Raises what an errand raised.
    """
    steps = 0
    while timepiece.now() < end:
        acts_at = _settle_all(vendor, timepiece, errands)
        now = timepiece.now()
        timepiece.move_to(min(_next_stop(now, acts_at), end))
        steps += 1
        if at_step is not None:
            at_step(timepiece.now())
    _settle_all(vendor, timepiece, errands)
    return steps


def _settle_all(vendor: Vendor, timepiece: Timepiece, errands: Errands | None) -> datetime | None:
    """The same with errands, which may leave both sides something to do."""
    next_at = settle(vendor, timepiece)
    if errands is not None and errands.finish():
        next_at = settle(vendor, timepiece)
    return next_at


def _next_stop(now: datetime, acts_at: datetime | None) -> datetime:
    soon = [moment for moment in (acts_at, work_next_at(now)) if moment is not None]
    stop = max(min([*soon, now + LONGEST_STEP]), now + SHORTEST_STEP)
    touch_at = touch_next_at(now)
    return min(stop, touch_at) if touch_at is not None else stop
