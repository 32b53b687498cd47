"""Rankings (R127): each colleague beside others with cases of the same difficulty, and the cases behind each figure.

Leaders see everybody. Others see themselves, and the colleagues only together.
"""

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.listing import AsFile
from console.pages import ConsoleView, TemplatePage, render
from team.enums import RANKING_CASES
from team.models import Staff
from team.policies.ranking import PLACED_LEAST, SURE, Line, Standing
from team.selectors import staff_list
from team.selectors.ranking import Ranked, ranked_figures, ranked_get, ranking
from team.viewer import own_staff
from tenants import clock, preferences
from tenants.enums import Permission

SPANS_DAYS = (30, 90, 180)
PAGE_ROWS = 50
HITS = {"": None, "1": True, "0": False}
WIDTH = 200  # of the drawn interval, in its own units; nothing lies in the middle
VERDICTS = {
    "above": ("ok", gettext_lazy("above colleagues")),
    "below": ("warn", gettext_lazy("below colleagues")),
    "level": ("line", gettext_lazy("cannot be told apart")),
}


def percent_points(value: float | None) -> str:
    """A difference of shares as points: +4.2, −0.3; "–" without one."""
    return "–" if value is None else f"{100 * value:+.1f}".replace("-", "−")


class RankingView(ConsoleView):
    """What the pages share: the span (`?days=`), whole days until yesterday, and who may be looked at."""

    permission = Permission.WORK

    @cached_property
    def days(self) -> int:
        asked = self.request.GET.get("days", "")
        return int(asked) if asked in map(str, SPANS_DAYS) else 90

    @cached_property
    def span(self) -> tuple[datetime, datetime]:
        """Until this morning's midnight, so that a figure and the people behind it are counted alike all day."""
        zone = self.request.tenant.timezone
        until = clock.day_bounds(clock.local_date(clock.now(), zone), zone)[0]
        return until - timedelta(days=self.days), until

    @property
    def sees_all(self) -> bool:
        return self.can(Permission.APPROVE)

    def may_see(self, staff_id: int) -> bool:
        own = own_staff(self.request)
        return self.sees_all or (own is not None and own.pk == staff_id)

    def standings(self, ranked: Ranked) -> list[Standing]:
        since, until = self.span
        return ranking(tenant=self.request.tenant, ranked=ranked, since=since, until=until)

    def ranked(self, key: str) -> Ranked:
        found = ranked_get(key)
        if found is None:
            raise Http404
        return found

    def person(self, pk: int) -> Staff:
        """A colleague whom the visitor may look at; anybody else is not found."""
        found = staff_list(tenant_id=self.request.tenant.pk).filter(pk=pk).first()
        if found is None or not self.may_see(pk):
            raise Http404
        return found

    def cases_url(self, ranked: Ranked, staff_id: int, *, stratum: str | None = None, hit: str = "") -> str:
        asked = {"days": self.days, "hit": hit}
        if stratum is not None:
            asked["stratum"] = stratum
        return f"{self.url('team:ranking_cases', pk=staff_id, figure=ranked.key)}?{urlencode(asked)}"

    def shown(self, ranked: Ranked, one: Standing) -> dict[str, Any]:
        """One standing as pages show it."""
        tone, word = VERDICTS.get(one.verdict, ("", ""))
        return {
            "one": one,
            "tone": tone,
            "word": word,
            "difference": percent_points(one.difference),
            "low": percent_points(one.low),
            "high": percent_points(one.high),
            "cases_url": self.cases_url(ranked, one.staff_id),
            "hits_url": self.cases_url(ranked, one.staff_id, hit="1"),
        }

    def base(self) -> dict[str, Any]:
        return {
            "days": self.days,
            "spans": SPANS_DAYS,
            "sees_all": self.sees_all,
            "least": preferences.value(self.request.tenant.pk, RANKING_CASES),
            "people_least": PLACED_LEAST,
            "sure_percent": round(100 * SURE),
        }


class RankingPage(RankingView, AsFile):
    """`?figure=` of those that are declared, the first one without."""

    key = "team.ranking"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        figures = ranked_figures()
        ranked = self.ranked(request.GET.get("figure") or (figures[0].key if figures else ""))
        found = self.standings(ranked)
        own = own_staff(request)
        seen = [one for one in found if self.may_see(one.staff_id)]
        people = staff_list(tenant_id=self.request.tenant.pk).in_bulk([one.staff_id for one in seen])
        seen = sorted(
            (one for one in seen if one.staff_id in people),
            key=lambda one: (
                not one.is_placed,
                (one.best or 0) + (one.worst or 0),
                str(people[one.staff_id]),
            ),
        )
        if request.GET.get("export"):
            return self._file(ranked, seen, people)
        rows = [{**self.shown(ranked, one), "staff": people[one.staff_id]} for one in seen]
        placed = [row for row in rows if row["one"].is_placed]
        _draw(placed)
        context = {
            **self.base(),
            "title": _("Rankings"),
            "figures": figures,
            "ranked": ranked,
            "placed": placed,
            "unplaced": [row for row in rows if not row["one"].is_placed],
            "in_all": sum(1 for one in found if one.is_placed),
            "none_apart": all(one.verdict == "level" for one in found if one.is_placed),
            "cases": sum(one.cases for one in found),
            "has_own": own is not None,
        }
        return render(request, "team/ranking.html", context, partial="team/ranking.html")

    def _file(self, ranked: Ranked, seen: list[Standing], people: dict[int, Staff]) -> HttpResponseBase:
        head: list[Any] = [
            _("Colleague"), _("Difficulty"), ranked.case_label, ranked.hit_label, _("Rate"),
            _("Colleagues with the same mix"), _("Difference"), _("Interval from"), _("Interval to"),
            _("Best place"), _("Worst place"),
        ]  # fmt: skip
        lines: list[list[Any]] = []
        for one in seen:
            name = str(people[one.staff_id])
            lines.append([
                name, _("All"), one.cases, one.hits,
                *(_share(n) for n in (one.rate, one.expected_rate, one.difference, one.low, one.high)),
                one.best or "", one.worst or "",
            ])  # fmt: skip
            lines += [
                [
                    name, ranked.stratum_label(line.stratum), line.cases, line.hits,
                    _share(line.rate), _share(line.others_rate), "", "", "", "", "",
                ]
                for line in one.lines
            ]  # fmt: skip
        return self.send_lines(head, lines)


def _share(value: float | None) -> Any:
    return "" if value is None else round(value, 4)


def _draw(rows: list[dict[str, Any]]) -> None:
    """Where each interval lies in a drawing of WIDTH, the same scale for all; nothing is in its middle."""
    reach = max((max(abs(row["one"].low), abs(row["one"].high)) for row in rows), default=0) or 1
    for row in rows:
        one = row["one"]
        row["x_low"], row["x_mid"], row["x_high"] = (
            round(WIDTH / 2 * (1 + 0.95 * value / reach)) for value in (one.low, one.difference, one.high)
        )


class RankingPersonPage(RankingView, TemplatePage):
    """One colleague by each figure, difficulty by difficulty."""

    template_name = "team/ranking_person.html"
    partial_name = "team/ranking_person.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        staff = self.person(kwargs["pk"])
        parts = []
        for ranked in ranked_figures():
            found = self.standings(ranked)
            one = next((one for one in found if one.staff_id == staff.pk), None)
            parts.append({
                "ranked": ranked,
                "in_all": sum(1 for other in found if other.is_placed),
                "row": self.shown(ranked, one) if one else None,
                "lines": [self._line(ranked, staff.pk, line) for line in one.lines] if one else [],
            })  # fmt: skip
        return {**self.base(), "title": str(staff), "staff": staff, "parts": parts}

    def _line(self, ranked: Ranked, staff_id: int, line: Line) -> dict[str, Any]:
        return {
            "line": line,
            "name": ranked.stratum_label(line.stratum),
            "cases_url": self.cases_url(ranked, staff_id, stratum=line.stratum),
            "hits_url": self.cases_url(ranked, staff_id, stratum=line.stratum, hit="1"),
        }


class RankingCasesPage(RankingView, AsFile):
    """The cases behind one figure of one colleague: `?days=&stratum=&hit=`, on pages or whole as a file."""

    key = "team.ranking_cases"

    def get(self, request: HttpRequest, pk: int, figure: str) -> HttpResponseBase:
        staff, ranked = self.person(pk), self.ranked(figure)
        asked, (since, until) = request.GET, self.span
        stratum, hit = asked.get("stratum"), asked.get("hit", "")
        if hit not in HITS or "\x00" in (stratum or ""):
            raise Http404
        rows = ranked.cases(
            tenant=self.request.tenant,
            staff_id=staff.pk,
            since=since,
            until=until,
            stratum=stratum,
            hit=HITS[hit],
        )
        if asked.get("export"):
            return self._file(ranked, list(rows))
        page = Paginator(rows, PAGE_ROWS).get_page(asked.get("page"))
        words = [str(staff), str(ranked.label)]
        if stratum is not None:
            words.append(ranked.stratum_label(stratum))
        context = {
            **self.base(),
            "title": " · ".join(words),
            "staff": staff,
            "ranked": ranked,
            "hit": hit,
            "page": page,
            "lines": ranked.lines(tenant=self.request.tenant, rows=list(page)),
        }
        return render(request, "team/ranking_cases.html", context, partial="team/ranking_cases.html")

    def _file(self, ranked: Ranked, rows: list[dict[str, Any]]) -> HttpResponseBase:
        """Every case, not only those of the page in sight; times on the company's wall."""
        zone = self.request.tenant.timezone
        lines = [
            [
                one.name,
                one.detail,
                f"{clock.local(one.at, zone):%Y-%m-%d %H:%M}",
                _("yes") if one.hit else _("no"),
            ]
            for one in ranked.lines(tenant=self.request.tenant, rows=rows)
        ]
        return self.send_lines([_("Case"), _("Where"), _("When"), ranked.hit_label], lines)
