"""The figures of a material, as whoever sends it tells them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Results of one wording, or of all. None: not known yet, shown as "–"; 0 is a known nothing.

    `sent` counts messages (one a group, or one a private touch), `reached` distinct people; `clicked` those among
    them who opened a link of the message, `replied` and `left` those who wrote in the group, or left it, within 24
    hours.
    """

    sent: int = 0
    reached: int | None = None
    clicked: int | None = None
    replied: int | None = None
    left: int | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Somewhere a material is used: a template, a run, a week."""

    label: str
    url: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What became of one material. `by_wording`: {key of a wording: Figures}.

    `urls`: {(key of a wording or "all", figure): the page with the touches or people behind it}.
    """

    places: tuple[Place, ...] = ()
    total: Figures = field(default_factory=Figures)
    by_wording: Mapping[str, Figures] = field(default_factory=dict)
    urls: Mapping[tuple[str, str], str] = field(default_factory=dict)
