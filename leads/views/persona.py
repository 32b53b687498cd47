"""Who buyers are beside those who did not buy (R73), and the people behind each figure."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.db import transaction
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from console.exports import csv_response
from console.listing import ListPage
from console.pages import ConsoleView, render
from console.tables import ConsoleTable
from console.templatetags.q import moment
from contacts.enums import Education, Gender, ProfileField
from contacts.policies.persona import BANDS, FIELDS, OTHER, UNKNOWN, FieldRows, Row
from contacts.selectors import customer_list
from contacts.selectors.persona import Among, Persona, persona_of, persona_people
from leads.models import Window
from leads.selectors import window_list
from leads.selectors.persona import EVERYBODY, camp_people
from tenants import audit, clock
from tenants.enums import Permission

ALL = "all"
CAMPS = 50
NAMES = {
    ProfileField.GENDER: gettext_lazy("Gender"),
    ProfileField.BIRTH_YEAR: gettext_lazy("Age"),
    ProfileField.EDUCATION: gettext_lazy("Education"),
    ProfileField.OCCUPATION: gettext_lazy("Occupation"),
}
BAND_WORDS = {
    BANDS[0]: gettext_lazy("under 25"),
    BANDS[1]: gettext_lazy("25 to 29"),
    BANDS[2]: gettext_lazy("30 to 39"),
    BANDS[3]: gettext_lazy("40 and over"),
}
_WORDS: dict[str, dict[str, Any]] = {
    ProfileField.GENDER: dict(Gender.choices),
    ProfileField.BIRTH_YEAR: BAND_WORDS,
    ProfileField.EDUCATION: dict(Education.choices),
}
BOUGHT = {"": None, "1": True, "0": False}


def row_words(field: str, key: str) -> str:
    """A row's name as people read it."""
    if key == UNKNOWN:
        return pgettext("profile", "Unknown")
    if key == OTHER:
        return _("Other occupations")
    return str(_WORDS.get(field, {}).get(key, key))


class PersonaView(ConsoleView):
    """What both pages are asked for: `?camp=` a window, "all", or nothing for the newest camp."""

    @cached_property
    def windows(self) -> list[Window]:
        return list(window_list(tenant_id=self.request.tenant.pk)[:CAMPS])

    @cached_property
    def window(self) -> Window | None:
        asked = self.request.GET.get("camp", "")
        if asked == ALL or (not asked and not self.windows):
            return None
        if not asked:
            return self.windows[0]
        found = next((one for one in self.windows if str(one.pk) == asked), None)
        if found is None:
            raise Http404
        return found

    @property
    def among(self) -> Among:
        return camp_people(self.window) if self.window else EVERYBODY

    @cached_property
    def this_year(self) -> int:
        return clock.local_date(clock.now(), self.request.tenant.timezone).year

    def persona(self) -> Persona:
        return persona_of(tenant_id=self.request.tenant.pk, among=self.among, this_year=self.this_year)


class PersonaPage(PersonaView):
    """The figures come after the page: `?part=figures`; `?figures=1` waits for them."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if request.GET.get("export") == "csv":
            return self.export()
        base = {
            "windows": self.windows,
            "window": self.window,
            "camp": str(self.window.pk) if self.window else ALL,
            "can_export": self.can(Permission.EXPORT),
        }
        if request.GET.get("part") == "figures":
            return render(request, "leads/_persona.html", base | self.figures())
        if request.GET.get("figures"):
            base |= self.figures()
        return render(request, "leads/persona.html", base, partial="leads/persona.html")

    def figures(self) -> dict[str, Any]:
        found = self.persona()
        return {
            "found": found,
            "all_url": self.people_url("", UNKNOWN),
            "buyers_url": self.people_url("", UNKNOWN, bought="1"),
            "all_row": Row(UNKNOWN, found.people, found.bought),
            "fields": [self._field(one) for one in found.fields],
            "at": clock.now(),
        }

    def people_url(self, field: str, key: str, bought: str = "") -> str:
        asked = {
            "camp": str(self.window.pk) if self.window else ALL,
            "field": field,
            "key": key,
            "bought": bought,
        }
        return f"{self.url('leads:persona_people')}?{urlencode(asked)}"

    def _field(self, found: FieldRows) -> dict[str, Any]:
        rows = [self._row(found, one) for one in found.rows]
        return {
            "key": str(found.field),
            "name": NAMES[ProfileField(found.field)],
            "rows": rows,
            "unknown": self._row(found, found.unknown),
            "known": found.known,
            "chart": _chart(found) if found.known.people else None,
            "notes": [one for one in rows if one["stands_out"]],
        }

    def _row(self, found: FieldRows, row: Row) -> dict[str, Any]:
        field, is_known = str(found.field), row.key != UNKNOWN
        return {
            "row": row,
            "rate": row,
            "name": row_words(field, row.key),
            "of_buyers": found.share(row, of_buyers=True) if is_known else None,
            "of_others": found.share(row, of_buyers=False) if is_known else None,
            "stands_out": found.stands_out(row) if is_known else "",
            "url": self.people_url(field, row.key),
            "bought_url": self.people_url(field, row.key, "1"),
            "others_url": self.people_url(field, row.key, "0"),
        }

    def export(self) -> HttpResponseBase:
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        head = [
            _("Field"), _("Value"), _("People"), _("Bought"), _("Did not buy"), _("Rate"), _("Interval from"),
            _("Interval to"),
        ]  # fmt: skip
        lines = [
            [
                str(NAMES[ProfileField(one.field)]), row_words(str(one.field), row.key), row.people, row.bought,
                row.others, *(round(n, 4) for n in (row.rate or 0.0, *(row.interval or (0.0, 1.0)))),
            ]
            for one in self.persona().fields
            for row in (*one.rows, one.unknown)
        ]  # fmt: skip
        with transaction.atomic():
            audit.record(
                tenant=self.request.tenant, actor=self.request.actor, verb="console.list.exported",
                changes={"list": [None, "leads.persona"], "rows": [None, len(lines)]},
            )  # fmt: skip
        day = clock.local_date(clock.now(), self.request.tenant.timezone)
        return csv_response([head, *lines], f"persona-{day:%Y%m%d}.csv")


def _chart(found: FieldRows) -> dict[str, Any]:
    """Of those whose value is known: how buyers and the others are made up, side by side."""
    names = [row_words(str(found.field), one.key) for one in found.rows]
    series = [(_("Bought"), True), (_("Did not buy"), False)]
    return {
        "legend": {"data": [name for name, _of in series]},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}},
        "grid": {"containLabel": True, "right": 28},
        "xAxis": {"type": "value", "max": 100, "interval": 25, "axisLabel": {"formatter": "{value}%"}},
        "yAxis": {"type": "category", "inverse": True, "data": names},
        "series": [
            {
                "name": name,
                "type": "bar",
                "data": [round(100 * (found.share(one, of_buyers=of) or 0), 1) for one in found.rows],
            }
            for name, of in series
        ],
    }


class PersonaTable(ConsoleTable):
    """The people of one figure."""

    name = tables.Column(verbose_name=gettext_lazy("Customer"))
    first_seen_at = tables.Column(verbose_name=gettext_lazy("First seen"))

    class Meta(ConsoleTable.Meta):
        row_header = "name"

    def __init__(self, *args: Any, url: Any, **kwargs: Any) -> None:
        self.url = url
        super().__init__(*args, **kwargs)

    def render_name(self, record: Any) -> SafeString:
        return format_html('<a class="q-link" href="{}">{}</a>', self.url(record.pk), record)

    def value_name(self, record: Any) -> str:
        return str(record)

    def render_first_seen_at(self, record: Any) -> str:
        return moment(record.first_seen_at)


class PersonaPeoplePage(PersonaView, ListPage):
    """`?camp=&field=gender&key=female&bought=1`: as many people as the figure said."""

    template_name = "leads/persona_people.html"
    table_class = PersonaTable
    key = "leads.persona_people"
    has_views = False

    @cached_property
    def _ids(self) -> list[int]:
        asked = self.request.GET
        field, key, bought = asked.get("field", ""), asked.get("key", ""), asked.get("bought", "")
        is_band = field != ProfileField.BIRTH_YEAR or key in (UNKNOWN, *BANDS)
        if (field and field not in FIELDS) or bought not in BOUGHT or not is_band or "\x00" in key:
            raise Http404
        named: list[str] = []
        if key == OTHER:
            rows = next(one for one in self.persona().fields if one.field == field).rows
            named = [one.key for one in rows if one.key != OTHER]
        return persona_people(
            tenant_id=self.request.tenant.pk, among=self.among, field=field, key=key, named=named,
            bought=BOUGHT[bought], this_year=self.this_year,
        )  # fmt: skip

    def queryset(self) -> Any:
        wanted = RawSQL("select unnest(%s::bigint[])", [self._ids])
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=wanted)

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": lambda pk: self.url("contacts:detail", pk=pk)}

    def context(self) -> dict[str, Any]:
        asked = self.request.GET
        field, bought = asked.get("field", ""), asked.get("bought", "")
        words = [self.window.name if self.window else _("All customers")]
        if field:
            words.append(f"{NAMES[ProfileField(field)]}: {row_words(field, asked.get('key', ''))}")
        if bought:
            words.append(_("Buyers") if bought == "1" else _("Did not buy"))
        return {
            "title": " · ".join(words),
            "count": len(self._ids),
            "back_url": f"{self.url('leads:persona')}?{urlencode({'camp': asked.get('camp', '')})}",
        }
