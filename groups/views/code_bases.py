"""What the pages of Live codes have in common: the tabs with their counts, and how one code stands."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy

from console.listing import ListPage
from console.pages import TemplatePage
from contacts.selectors.channels import channel_list, way_counts
from groups.selectors.codes import join_way_counts, template_list
from tenants import clock
from tenants.enums import Permission
from wecom.enums import KeptState

DAYS_SHOWN = 14


class CodeList(ListPage):
    """One tab of Live codes."""

    write_permission = Permission.OPERATE
    template_name = "groups/codes.html"
    has_views = False
    title = gettext_lazy("Live codes")
    purpose = gettext_lazy(
        "Codes that stay the same on paper while what is behind them changes; each belongs to a channel,"
        " so that you see what it brings."
    )
    here: str

    def context(self) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        counts, friends = join_way_counts(tenant_id=tenant_id), way_counts(tenant_id=tenant_id)
        return {
            "here": self.here,
            "ended": bool(self.request.GET.get("ended")),
            "counts": {
                "codes": counts["live"],
                "ways": friends["live"],
                "channels": channel_list(tenant_id=tenant_id).count(),
                "welcomes": template_list(tenant_id=tenant_id).count(),
            },
            "waiting": counts["waiting"] + friends["waiting"],
            "gone": {"codes": counts["ended"], "ways": friends["ended"]}.get(self.here, 0),
        }

    def facts(self, rows: list[Any]) -> dict[str, Any]:
        return {}

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "facts": self.facts}


@dataclass(frozen=True)
class Day:
    """People on one local day; `url` opens them."""

    day: date
    people: int
    url: str


class CodePage(TemplatePage):
    """One code: its picture, how it stands, whom it brought."""

    write_permission = Permission.OPERATE

    def days(self, moments: Iterable[datetime | None], url: str) -> list[Day]:
        """The last two weeks, each day with its people."""
        zone = self.request.tenant.timezone
        today = clock.local_date(clock.now(), zone)
        counted = Counter(clock.local_date(one, zone) for one in moments if one)
        wanted = [today - timedelta(days=back) for back in range(DAYS_SHOWN)]
        return [Day(one, counted[one], f"{url}?day={one:%Y-%m-%d}") for one in wanted]

    def since(self) -> datetime:
        zone = self.request.tenant.timezone
        first = clock.local_date(clock.now(), zone) - timedelta(days=DAYS_SHOWN - 1)
        return clock.day_bounds(first, zone)[0]

    def stands(self, row: Any) -> dict[str, Any]:
        return {
            "is_unknown": row.status == KeptState.UNKNOWN,
            "is_failed": row.status == KeptState.FAILED,
            "is_waiting": row.is_sending or (row.is_usable and not row.qr_picture),
            "is_over": row.ended_at is not None,
            "can_operate": self.can(Permission.OPERATE),
        }
