"""The kinds of plays. A play says here what the frame asks of it, so that the frame need not know any."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.models import Campaign

if TYPE_CHECKING:
    from campaigns.enums import Missing

COUPONS = "coupons"  # the play whose pages the campaign's own page lists one by one


@dataclass(frozen=True)
class Play:
    """One kind. `url_name`: where it is set up and watched, with `pk` of the campaign. `lacks` names what keeps a
    campaign from its start, `token` is that of its phone page.

    Whether a campaign has one: `rows` are the play's of the campaign `OuterRef("pk")`, so that all kinds are asked for
    in one query; `is_set` instead where rows do not say it.
    """

    key: str
    label: Any
    about: Any
    icon: str
    url_name: str
    lacks: "Callable[[Campaign], list[Missing]]"
    token: "Callable[[Campaign], str]"
    rows: "Callable[[OuterRef], QuerySet] | None" = None
    is_set: "Callable[[Campaign], bool] | None" = None


_plays: dict[str, Play] = {}


def register_play(play: Play) -> None:
    """Say that there is such a kind. The last word of a key holds."""
    _plays[play.key] = play


def plays() -> list[Play]:
    """Every kind, in the order of the keys."""
    return [_plays[key] for key in sorted(_plays)]


def plays_of(campaign: Campaign) -> list[Play]:
    """The plays that a campaign has. One query for all kinds that name their rows."""
    asked = {one.key: Exists(one.rows(OuterRef("pk"))) for one in plays() if one.rows is not None}
    rows = Campaign.objects.filter(tenant_id=campaign.tenant_id, pk=campaign.pk)
    told = rows.annotate(**{f"has_{key}": value for key, value in asked.items()}) if asked else rows
    found = told.values(*(f"has_{key}" for key in asked)).first() or {} if asked else {}
    return [
        one
        for one in plays()
        if found.get(f"has_{one.key}") or (one.is_set is not None and one.is_set(campaign))
    ]


def plays_lack(campaign: Campaign) -> "list[Missing]":
    """What its plays lack before a start."""
    return [missing for one in plays_of(campaign) for missing in one.lacks(campaign)]
