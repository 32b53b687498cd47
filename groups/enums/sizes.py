"""Bands of size that groups are filtered and compared by."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class SizeBand:
    """Groups of `least` to `most` customers, both included; `most` None: no bound."""

    key: str
    label: Any
    least: int
    most: int | None

    def holds(self, customers: int) -> bool:
        return self.least <= customers and (self.most is None or customers <= self.most)


SIZE_BANDS = (
    SizeBand("s", _("Under 50 customers"), 0, 49),
    SizeBand("m", _("50 to 149"), 50, 149),
    SizeBand("l", _("150 to 200"), 150, 200),
    SizeBand("xl", _("Over 200"), 201, None),
)
