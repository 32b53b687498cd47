"""Where everybody stood at the end of any day."""

from collections import Counter
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.db.models.expressions import RawSQL
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.listing import ListPage
from console.tables import ConsoleTable
from console.templatetags.q import tier
from leads.enums import MAYBE_S, TIERS, LeadState
from leads.models import Lead, Window
from leads.policies.history import rule_at
from leads.policies.rule_words import place_words
from leads.selectors.asof import Standing, standings_at, windows_at
from leads.selectors.board import lead_list
from leads.selectors.rules import rules_stored
from tenants import clock

PLACES = (
    "S",
    MAYBE_S,
    *TIERS[1:],
    LeadState.WON.value,
    LeadState.NOT_BUYING.value,
    LeadState.OPTED_OUT.value,
)
LATE = "late"


class AsOfTable(ConsoleTable):
    """Who stood where that day, and where now."""

    customer = tables.Column(verbose_name=_("Customer"), order_by="customer__name")
    then = tables.Column(verbose_name=_("That day"), empty_values=(), orderable=False)
    shown = tables.Column(verbose_name=_("Shown that day"), empty_values=(), orderable=False)
    now = tables.Column(verbose_name=_("Now"), empty_values=(), orderable=False)
    window = tables.Column(verbose_name=_("Camp"), orderable=False)
    owner = tables.Column(verbose_name=pgettext_lazy("lead", "Owner"), order_by="owner__name")

    class Meta(ConsoleTable.Meta):
        row_header = "customer"
        sequence = ("customer", "then", "shown", "now", "window", "owner")

    def __init__(self, *args: Any, url: Any, standings: dict[int, Standing], **kwargs: Any) -> None:
        self.url, self.standings = url, standings
        super().__init__(*args, **kwargs)

    def render_customer(self, record: Lead) -> SafeString:
        return format_html('<a class="q-link" href="{}">{}</a>', self.url(record.pk), record.customer)

    def value_customer(self, record: Lead) -> str:
        return str(record.customer)

    def render_then(self, record: Lead) -> SafeString | str:
        return _place(self.standings[record.pk].place)

    def value_then(self, record: Lead) -> str:
        return place_words(self.standings[record.pk].place)

    def render_shown(self, record: Lead) -> SafeString | str:
        one = self.standings[record.pk]
        return _place(one.tier_known_then if one.came_late else one.place)

    def value_shown(self, record: Lead) -> str:
        one = self.standings[record.pk]
        return place_words(one.tier_known_then if one.came_late else one.place)

    def render_now(self, record: Lead) -> SafeString | str:
        return _place(record.standing)

    def value_now(self, record: Lead) -> str:
        return place_words(record.standing)


def _place(place: str) -> SafeString | str:
    return tier(place) if place in (*TIERS, MAYBE_S) else place_words(place)


class AsOfPage(ListPage):
    """`?day=2026-11-12&camp=3&place=A`: everyone with a place at the end of that day; without a day: yesterday."""

    template_name = "leads/asof.html"
    table_class = AsOfTable
    key = "leads.asof"
    has_views = False

    @cached_property
    def _today(self) -> date:
        return clock.local_date(clock.now(), self.request.tenant.timezone)

    @cached_property
    def _day(self) -> date:
        try:
            asked = parse_date(self.request.GET.get("day", ""))
        except ValueError:
            asked = None
        if asked is None or not date(2000, 1, 1) <= asked <= self._today:
            return self._today - timedelta(days=1)
        return asked

    @cached_property
    def _as_of(self) -> datetime:
        end = clock.day_bounds(self._day, self.request.tenant.timezone)[1]
        return min(end - timedelta(microseconds=1), clock.now())

    @cached_property
    def _windows(self) -> list[Window]:
        return list(windows_at(tenant_id=self.request.tenant.pk, as_of=self._as_of))

    @cached_property
    def _camp(self) -> str:
        asked = self.request.GET.get("camp", "")
        return asked if asked in {str(one.pk) for one in self._windows} else ""

    @cached_property
    def _standings(self) -> dict[int, Standing]:
        windows = [one for one in self._windows if not self._camp or str(one.pk) == self._camp]
        found = standings_at(tenant_id=self.request.tenant.pk, windows=windows, as_of=self._as_of)
        return {one.lead_id: one for one in found}

    @cached_property
    def _asked_place(self) -> str:
        asked = self.request.GET.get("place", "")
        return asked if asked in (*PLACES, LATE) else ""

    def queryset(self) -> Any:
        place = self._asked_place
        ids = [
            one.lead_id
            for one in self._standings.values()
            if not place or one.place == place or (place == LATE and one.came_late)
        ]
        wanted = RawSQL("select unnest(%s::bigint[])", [ids])
        return (
            lead_list(tenant_id=self.request.tenant.pk).filter(pk__in=wanted).order_by("customer__name", "pk")
        )

    def table_kwargs(self) -> dict[str, Any]:
        day = self._day.isoformat()
        return {
            "url": lambda pk: f"{self.url('leads:detail', pk=pk)}?asof={day}",
            "standings": self._standings,
        }

    def context(self) -> dict[str, Any]:
        counted = Counter(one.place for one in self._standings.values())
        rules = rules_stored(tenant_id=self.request.tenant.pk, now=self._as_of)
        return {
            "day": self._day,
            "today": self._today,
            "windows": self._windows,
            "camp": self._camp,
            "only": self._asked_place,
            "stands": [
                {
                    "place": one,
                    "words": place_words(one),
                    "is_tier": one in (*TIERS, MAYBE_S),
                    "people": counted[one],
                    "url": self._url(one),
                }
                for one in PLACES
            ],
            "total": len(self._standings),
            "all_url": self._url(""),
            "late": sum(one.came_late for one in self._standings.values()),
            "late_url": self._url(LATE),
            "rule_number": rule_at(rules, self._as_of).number,
        }

    def _url(self, place: str) -> str:
        query = self.request.GET.copy()
        query.pop("page", None)
        query["day"], query["place"] = self._day.isoformat(), place
        return f"{self.request.path}?{query.urlencode()}"
