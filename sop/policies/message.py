"""What a channel takes: how much text, and which attachments. Pure. Source: PROTOCOL 3.6 and 3.8."""

from collections.abc import Iterable
from dataclasses import dataclass

from sop.enums import INTERNAL_CHANNELS, Channel

TEXT_BYTES = 4000  # add_msg_template; what WeCom sends in one message by hand is held to the same
MOMENT_CHARACTERS = 2000
ATTACHMENTS = 9
EVERY_KIND = ("image", "link", "mini_program", "video", "file")
_CARRIED: dict[str, tuple[str, ...]] = {
    Channel.MOMENTS: ("image", "video", "link"),
    Channel.CALL: (),
    Channel.SMS: (),
    **dict.fromkeys(INTERNAL_CHANNELS, ()),
    Channel.OFFICIAL: ("image", "link", "mini_program"),
}
# Channels whose words a person says or a phone company carries: WeCom sets no limit there.
_NO_LIMIT = frozenset({Channel.CALL, *INTERNAL_CHANNELS})


@dataclass(frozen=True)
class Limit:
    """How long a text may be; `unit` is "bytes" or "characters". `most` 0: no limit."""

    most: int
    unit: str


def text_limit(channel: str) -> Limit:
    """What a channel takes in one message."""
    if channel in _NO_LIMIT:
        return Limit(0, "characters")
    return (
        Limit(MOMENT_CHARACTERS, "characters") if channel == Channel.MOMENTS else Limit(TEXT_BYTES, "bytes")
    )


def text_size(text: str, limit: Limit) -> int:
    """How much of a limit a text uses."""
    return len(text.encode()) if limit.unit == "bytes" else len(text)


def carried_kinds(channel: str) -> tuple[str, ...]:
    """Kinds of attachments that a channel carries."""
    return _CARRIED.get(channel, EVERY_KIND)


def attachments_fault(channel: str, kinds: Iterable[str]) -> str:
    """Why a channel does not take these attachments together, or "": "many", "mixed", or the kind it does not carry.

    Moments take nine pictures, or one video, or one link.
    """
    every = list(kinds)
    wrong = next((one for one in every if one not in carried_kinds(channel)), "")
    if wrong:
        return wrong
    if len(every) > ATTACHMENTS:
        return "many"
    if channel == Channel.MOMENTS and len(every) > 1 and set(every) != {"image"}:
        return "mixed"
    return ""
