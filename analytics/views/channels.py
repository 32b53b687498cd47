"""How good channels are (R106): figures that open their people, and whether money would buy more elsewhere."""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from analytics.metrics import METRICS
from analytics.policies import share, wilson
from analytics.selectors.channels import FIGURES, Quality, precise_tags, qualities, quality_people
from analytics.views import PeopleTable, tabs
from analytics.views.paths import WINDOWS, window_of
from console.listing import FORMATS, AsFile, ListPage
from console.pages import render
from console.templatetags.q import money
from contacts.policies.spend import FEW, Spend, judged, shift
from contacts.selectors import customer_list
from contacts.selectors.channels import channel_get
from tenants import clock
from tenants.enums import Permission

SALT = "analytics.channels"
TITLES = {
    "people": pgettext_lazy("channel", "Came"), "precise": gettext_lazy("Precise"),
    "kept": gettext_lazy("Still there on day 7"),
    "bought": gettext_lazy("Bought"), "stay_due": gettext_lazy("Came three days ago or earlier"),
    "kept_due": gettext_lazy("Came seven days ago or earlier"),
}  # fmt: skip
HEAD = (
    gettext_lazy("Channel"), gettext_lazy("Kind"), pgettext_lazy("channel", "Came"), gettext_lazy("Precise"),
    gettext_lazy("Out of"), gettext_lazy("Precise share"), gettext_lazy("Still there on day 7"), gettext_lazy("Out of"),
    gettext_lazy("D7 retention"), gettext_lazy("Bought"), gettext_lazy("Conversion"), gettext_lazy("Interval from"),
    gettext_lazy("Interval to"), gettext_lazy("Cost, fen"), gettext_lazy("Cost of a person, fen"),
    gettext_lazy("Cost of a buyer, fen"), gettext_lazy("Sales, fen"), gettext_lazy("Sales ÷ cost"),
)  # fmt: skip


class ChannelQualityPage(AsFile):
    """Everybody who came by a channel in the last `?days=`; the figures come after the page (`?part=figures`,
    `?figures=1` waits for them). `?export=csv` or `xlsx`: as a file."""

    key = "analytics.channels"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        days, now = window_of(request.GET.get("days", "")), clock.now()
        if request.GET.get("export") in FORMATS:
            return self.send_lines(list(HEAD), [_line(one) for one in self._rows(days, now)])
        base = {
            "days": days, "windows": WINDOWS, "tabs": tabs(self, "channels"), "at": now, "metrics": METRICS,
            "can_export": self.can(Permission.EXPORT),
        }  # fmt: skip
        if request.GET.get("part") == "figures":
            return render(request, "analytics/_channels.html", base | self._figures(days, now))
        if request.GET.get("figures"):
            base |= self._figures(days, now)
        return render(request, "analytics/channels.html", base, partial="analytics/channels.html")

    def _rows(self, days: int, now: datetime) -> list[Quality]:
        tenant = self.request.tenant
        return qualities(
            tenant_id=tenant.pk, since=now - timedelta(days=days), until=now, zone=tenant.timezone
        )

    def _figures(self, days: int, now: datetime) -> dict[str, Any]:
        found = self._rows(days, now)
        return {
            "rows": [self._row(one, days, now) for one in found],
            "advice": _advice(found),
            "tags": precise_tags(tenant_id=self.request.tenant.pk),
            "few": FEW,
        }

    def _row(self, one: Quality, days: int, now: datetime) -> dict[str, Any]:
        return {
            "one": one,
            "url": self.url("groups:channel_edit", pk=one.channel.pk),
            "opens": {name: self._people(one, name, days, now) for name in FIGURES if getattr(one, name)},
            "precise": share(one.precise, one.stay_due),
            "kept": share(one.kept, one.kept_due),
            "bought": share(one.bought, one.people),
            "interval": wilson(one.bought, one.people),
            "person_fen": _each(one.cost_fen, one.people),
            "buyer_fen": _each(one.cost_fen, one.bought),
            "roi": share(one.paid_fen, one.cost_fen),
            "is_few": one.people < FEW,
        }

    def _people(self, one: Quality, figure: str, days: int, now: datetime) -> str:
        said = {
            "tenant": self.request.tenant.pk, "channel": one.channel.pk, "figure": figure, "days": days,
            "until": now.isoformat(),
        }  # fmt: skip
        return f"{self.url('analytics:channel_people')}?f={signing.dumps(said, salt=SALT, compress=True)}"


def _each(cost_fen: int | None, many: int) -> int | None:
    return round(cost_fen / many) if cost_fen and many else None


def _line(one: Quality) -> list[Any]:
    interval = wilson(one.bought, one.people) or ("", "")
    cells = [
        one.channel.name, str(one.channel.get_kind_display()), one.people, one.precise, one.stay_due,
        share(one.precise, one.stay_due), one.kept, one.kept_due, share(one.kept, one.kept_due), one.bought,
        share(one.bought, one.people), *interval, one.cost_fen, _each(one.cost_fen, one.people),
        _each(one.cost_fen, one.bought), one.paid_fen, share(one.paid_fen, one.cost_fen),
    ]  # fmt: skip
    return ["" if cell is None else round(cell, 4) if isinstance(cell, float) else cell for cell in cells]


def _advice(found: list[Quality]) -> str:
    """One sentence about money, with its sample sizes; it says so where nothing can be said."""
    names = {one.channel.pk: one.channel.name for one in found}
    spends = [Spend(one.channel.pk, one.cost_fen or 0, one.people, one.bought) for one in found]
    compared = judged(spends)
    if len(compared) < 2:
        return _(
            "No advice: it takes two channels with a cost and at least %(few)s people each, and there are %(n)s."
        ) % {"few": FEW, "n": len(compared)}
    best = shift(spends)
    if best is None:
        return _(
            "No advice: of %(n)s channels with a cost and enough people none sells so differently that chance could"
            " not explain it."
        ) % {"n": len(compared)}
    said = {
        "to": names[best.to.channel_id], "away": names[best.away.channel_id],
        "to_bought": best.to.bought, "to_people": best.to.people, "away_bought": best.away.bought,
        "away_people": best.away.people, "to_fen": money(_each(best.to.cost_fen, best.to.bought)),
        "away_fen": money(_each(best.away.cost_fen, best.away.bought)),
    }  # fmt: skip
    if not best.away.bought:
        return (
            _(
                "Try moving money from %(away)s to %(to)s: a buyer cost %(to_fen)s there (%(to_bought)s of"
                " %(to_people)s people), while of %(away_people)s people of %(away)s nobody has bought yet."
            )
            % said
        )
    return (
        _(
            "Try moving money from %(away)s to %(to)s: a buyer cost %(to_fen)s there (%(to_bought)s of %(to_people)s"
            " people) against %(away_fen)s (%(away_bought)s of %(away_people)s people)."
        )
        % said
    )


class ChannelQualityPeople(ListPage):
    """The people of one figure, as many as it said: what it is of stands signed in `?f=`."""

    template_name = "analytics/channel_people.html"
    table_class = PeopleTable
    key = "analytics.channel_people"
    has_views = False

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        try:
            said = signing.loads(request.GET.get("f", ""), salt=SALT)
        except signing.BadSignature as error:
            raise Http404 from error
        if said["tenant"] != self.request.tenant.pk or said["figure"] not in FIGURES:
            raise Http404
        self.said = said
        return super().get(request, **kwargs)

    @cached_property
    def persons(self) -> list[int]:
        until = datetime.fromisoformat(self.said["until"])
        return quality_people(
            tenant_id=self.request.tenant.pk, channel_id=self.said["channel"], figure=self.said["figure"],
            since=until - timedelta(days=self.said["days"]), until=until,
        )  # fmt: skip

    def queryset(self) -> QuerySet:
        ids = RawSQL("select unnest(%s::bigint[])", [[one for one in self.persons if one > 0]])
        return customer_list(tenant_id=self.request.tenant.pk).filter(pk__in=ids)

    def table_kwargs(self) -> dict[str, Any]:
        return {"url": lambda pk: self.url("contacts:detail", pk=pk), "tenant_id": self.request.tenant.pk}

    def context(self) -> dict[str, Any]:
        channel = channel_get(tenant_id=self.request.tenant.pk, channel_id=self.said["channel"])
        return {
            "title": f"{channel.name}: {TITLES[self.said['figure']]}", "count": len(self.persons),
            "unnamed": sum(one < 0 for one in self.persons), "days": self.said["days"],
            "at": datetime.fromisoformat(self.said["until"]), "f": self.request.GET["f"],
        }  # fmt: skip
