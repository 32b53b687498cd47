"""The kinds of plays. A play says here what the frame asks of it, so that the frame need not know any."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from campaigns.enums import Missing
    from campaigns.models import Campaign


@dataclass(frozen=True)
class Play:
    """One kind. `url_name`: where it is set up and watched, with `pk` of the campaign. `lacks` names what keeps a
    campaign from its start, `is_set` whether it has one, `token` is that
    of its phone page."""

    key: str
    label: Any
    about: Any
    icon: str
    url_name: str
    is_set: "Callable[[Campaign], bool]"
    lacks: "Callable[[Campaign], list[Missing]]"
    token: "Callable[[Campaign], str]"


_plays: dict[str, Play] = {}


def register_play(play: Play) -> None:
    """Say that there is such a kind. The last word of a key holds."""
    _plays[play.key] = play


def plays() -> list[Play]:
    """Every kind, in the order of the keys."""
    return [_plays[key] for key in sorted(_plays)]


def plays_of(campaign: "Campaign") -> list[Play]:
    """The plays that a campaign has."""
    return [one for one in plays() if one.is_set(campaign)]


def plays_lack(campaign: "Campaign") -> "list[Missing]":
    """What its plays lack before a start."""
    return [missing for one in plays() for missing in one.lacks(campaign)]
