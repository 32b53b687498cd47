"""What WeCom's answers about a hand-over of a customer mean, and what a lead does next; pure (PROTOCOL 3.2)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from contacts.enums import TransferState

WINDOW = timedelta(days=90)
ON_THE_WAY = (TransferState.LATER, TransferState.QUEUED, TransferState.WAITING)
AT_WECOM = (TransferState.QUEUED, TransferState.WAITING)
CAME_BACK = (TransferState.REFUSED, TransferState.LIMIT, TransferState.FAILED)
MAY_BE_ASKED_AGAIN = (*CAME_BACK, TransferState.RESTED, TransferState.LATER)

# WeCom's codes of one customer in the answer to the request; 0: it began.
_OF_CODE = {
    0: TransferState.WAITING,
    40099: TransferState.LIMIT,
    40100: TransferState.WAITING,  # being handed over already
    40128: TransferState.LATER,  # too often within 90 days
    40129: TransferState.WAITING,  # being handed over already
}
# Status of `transfer_result`; 2 waits, 5 is none.
_OF_STATUS = {1: TransferState.DONE, 3: TransferState.REFUSED, 4: TransferState.LIMIT}
OF_REASON = {"customer_refused": TransferState.REFUSED, "customer_limit_exceed": TransferState.LIMIT}

_NOT_THEIRS = _("Not a customer of this colleague in WeCom any more.")
_WORDS = {
    40096: _("WeCom does not know this customer any more."),
    40097: _("WeCom still has this colleague as staff. Ask again once they have left there."),
    40098: _("The receiver has not verified their name in WeCom."),
    40131: _NOT_THEIRS,
    60111: _("WeCom does not know the receiver; are they in the app's visible range?"),
    84061: _NOT_THEIRS,
    84074: _("The receiver has no right to talk to customers in WeCom."),
    90500: _("WeCom still has this colleague as staff. Ask again once they have left there."),
}
SILENCE = _("WeCom lists nothing of it any more. Ask again.")
_NEXT = {
    TransferState.LATER: _("Nothing to do: WeCom takes a customer twice in 90 days, then it is asked again."),
    TransferState.QUEUED: _("Nothing to do."),
    TransferState.WAITING: _("Nothing to do: they move after 24 hours unless they refuse."),
    TransferState.DONE: _("The receiver says hello in WeCom."),
    TransferState.REFUSED: _("Talk to them first, or choose somebody they know; then ask again."),
    TransferState.LIMIT: _("Choose another receiver, or have the receiver's limit raised in WeCom."),
    TransferState.FAILED: _("Mend what WeCom names, then ask again."),
    TransferState.RESTED: _("Decided so; asking again is possible."),
}  # fmt: skip


def outcome_of(code: int) -> TransferState:
    """The state after WeCom's code for one customer."""
    return _OF_CODE.get(code, TransferState.FAILED)


def told_by(status: int) -> TransferState | None:
    """The end that `transfer_result` tells; None while it waits or knows of nothing."""
    return _OF_STATUS.get(status)


def code_words(code: int) -> str:
    """What a refusal means to a person."""
    return str(_WORDS.get(code) or _("WeCom refused it with code %(code)s.") % {"code": code})


def next_words(state: str) -> str:
    """What a lead does about a customer in this state."""
    return str(_NEXT[TransferState(state)])


def ask_at(*, starts: Iterable[datetime], now: datetime, most: int) -> datetime | None:
    """When WeCom takes one more hand-over of a customer with these earlier ones; None: now."""
    recent = sorted(one for one in starts if one > now - WINDOW)
    return recent[-most] + WINDOW if len(recent) >= most else None
