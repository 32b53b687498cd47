"""North stars: those in force, one with its plans and history, choosing and changing one, and how a plan serves it."""

from datetime import date, timedelta
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from analytics.enums import Scope, Verdict
from analytics.forms import ServeForm, StarChangeForm, StarForm, kept, written
from analytics.metrics import AIMS
from analytics.models import NorthStar
from analytics.policies import PAIRS_LEAST
from analytics.selectors.camps import camp_list
from analytics.selectors.days import MOVES, PEOPLE, Newest
from analytics.selectors.related import HUNDREDTHS, Beside, related_of
from analytics.selectors.standings import Ground, Standing, ground_of, standing_in
from analytics.selectors.stars import (
    Plan,
    amount,
    plan_exists,
    plans_serving,
    plans_silent,
    servings_of,
    star_for_plans,
    star_get,
    star_label,
    star_list,
    star_past,
    teams_to_choose,
)
from analytics.services.stars import serving_note, star_change, star_set
from analytics.views import people_query, tabs
from analytics.views.days import figure_url
from console.formats import MISSING
from console.pages import FormPage, TemplatePage, drawer_done, go, render, toast
from console.templatetags.q import figure
from team.enums import PlanKind
from tenants import clock
from tenants.enums import Permission

SHOWN = 60
CAMPS = 50
TONES = {Verdict.REACHED: "ok", Verdict.ON_COURSE: "info", Verdict.BEHIND: "warn", Verdict.UNKNOWN: "line"}


class StarsPage(TemplatePage):
    """Every north star: in force, to come and past. Where each stands comes after the page, but for the company's."""

    template_name = "analytics/stars.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        today = clock.local_date(clock.now(), tenant.timezone)
        rows = [self._row(one, today) for one in star_list(tenant_id=tenant.pk)[:SHOWN]]
        now = [one for one in rows if one["is_now"]]
        return {
            "tabs": tabs(self, "stars"), "now": now, "others": [one for one in rows if not one["is_now"]],
            "has_company": any(one["star"].scope == Scope.COMPANY for one in now),
        }  # fmt: skip

    def _row(self, star: NorthStar, today: date) -> dict[str, Any]:
        return {
            "star": star, "aim": AIMS[star.metric], "target": amount(star.metric, star.target),
            "is_now": star.starts_on <= today <= star.ends_on, "is_planned": star.starts_on > today,
            "url": self.url("analytics:star", pk=star.pk), "whose": star.place_name or Scope(star.scope).label,
        }  # fmt: skip


class StarPage(TemplatePage):
    """One north star. `?part=now`: only where it stands, for the list of them."""

    template_name = "analytics/star.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.GET.get("part") == "now":
            name = "analytics/_star_now.html"
            return render(request, name, self._now(self.star), partial=name)
        if request.GET.get("part") == "related":
            name = "analytics/_related.html"
            return render(request, name, self._related(), partial=name)
        return super().get(request, **kwargs)

    @cached_property
    def star(self) -> NorthStar:
        return star_get(tenant_id=self.request.tenant.pk, star_id=self.kwargs["pk"])

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, star = self.request.tenant.pk, self.star
        today = clock.local_date(clock.now(), self.request.tenant.timezone)
        is_now = star.starts_on <= today <= star.ends_on
        is_later = star.scope == Scope.TEAM and not self.request.GET.get(
            "figures"
        )  # its people are counted anew
        base = {"star": star, "aim": AIMS[star.metric], "metric": AIMS[star.metric].metric}
        return {
            **(base if is_later else {**self._now(star), **self._related()}), "is_later": is_later,
            "is_now": is_now, "label": star_label(star),
            "plans": [self._plan(one) for one in plans_serving(tenant_id=tenant_id, star_id=star.pk)],
            "silent": [self._plan(one) for one in plans_silent(tenant_id=tenant_id, star_id=star.pk)]
            if is_now and star.scope != Scope.CAMP and self._is_asked(today) else [],
            "past": [
                {"row": one, "was": amount(one.metric, one.target), "figure": AIMS[one.metric].metric.label}
                for one in star_past(tenant_id=tenant_id, star_id=star.pk)
            ],
            "can_set": self.can(Permission.APPROVE), "can_say": self.can(Permission.OPERATE),
        }  # fmt: skip

    def _is_asked(self, today: date) -> bool:
        """Whether this is the north star that plans are asked for today."""
        asked = star_for_plans(tenant_id=self.request.tenant.pk, day=today)
        return asked is not None and asked.pk == self.star.pk

    @cached_property
    def ground(self) -> Ground:
        return ground_of(tenant=self.request.tenant, star=self.star)

    def _related(self) -> dict[str, Any]:
        tree = related_of(self.ground)
        return {
            "tree": [
                {"label": step.label, "rows": [self._beside(one) for one in rows]} for step, rows in tree
            ],
            "has_related": any(rows for _step, rows in tree), "least": PAIRS_LEAST, "star": self.star,
            "can_operate": self.can(Permission.OPERATE), "can_work": self.can(Permission.WORK),
        }  # fmt: skip

    def _beside(self, one: Beside) -> dict[str, Any]:
        row, found = one.row, one.standing
        told = amount if row.metric else _points
        return {
            "beside": one, "tone": TONES[found.verdict], "actual": told(row.metric, found.actual),
            "target": told(row.metric, row.target), "url": self._behind(self.star, row.metric, found),
            "r": None if one.together.r is None else f"{one.together.r:+.2f}".replace("-", "−"),
        }  # fmt: skip

    def _now(self, star: NorthStar) -> dict[str, Any]:
        found = standing_in(self.ground, AIMS[star.metric], star.target)
        return {
            "star": star, "aim": AIMS[star.metric], "metric": AIMS[star.metric].metric, "standing": found,
            "tone": TONES[found.verdict], "actual": amount(star.metric, found.actual),
            "target": amount(star.metric, star.target), "base": amount(star.metric, found.base),
            "url": self._behind(star, star.metric, found), "percent_done": _done(star, found),
            "percent_gone": round(100 * found.gone),
        }  # fmt: skip

    def _behind(self, star: NorthStar, metric: str, found: Standing) -> str:
        """The list behind a figure, or the page that shows it where it counts no people."""
        if found.actual is None or found.until is None:
            return ""
        if self.ground.people is not None:
            query = people_query(self.ground.people.camp, f"{metric}.done", found.until)
            return f"{self.url('analytics:people')}?f={query}"
        name = metric.removeprefix("day_")
        if found.day is None or name not in (*PEOPLE, *MOVES):
            return self.url("analytics:overview") if star.scope == Scope.COMPANY else ""
        newest = Newest(found.day, found.until, found.day)
        behind = {"star": star.pk, "label": star_label(star)}
        if star.scope == Scope.TEAM:
            behind["team"] = star.place
        return figure_url(self, name, newest, found.days, "", behind)

    def _plan(self, one: Plan) -> dict[str, Any]:
        return {
            "plan": one,
            "url": self.url(
                {PlanKind.RUN: "sop:run", PlanKind.VERSION: "sop:version"}.get(
                    PlanKind(one.kind), "campaigns:detail"
                ),
                pk=one.plan_id,
            ),
            "say_url": self.url("analytics:serve", kind=one.kind, pk=one.plan_id),
        }


def _points(_metric: str, hundredths: int | None) -> str:
    """Points of a score as people read them."""
    return MISSING if hundredths is None else figure(hundredths / HUNDREDTHS, 2)


def _done(star: NorthStar, found: Standing) -> int:
    """The bar: which part of the target is reached, in percent, 100 at most."""
    return 0 if found.actual is None else max(0, min(100, round(100 * found.actual / star.target)))


class StarNewPage(FormPage):
    """A drawer: choose a north star."""

    template_name = "analytics/star_drawer.html"
    form_class = StarForm
    permission = write_permission = Permission.APPROVE

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        teams = [(f"{Scope.TEAM}:{pk}", name) for pk, name in teams_to_choose(tenant_id=tenant.pk)]
        found = camp_list(tenant_id=tenant.pk)[:CAMPS]
        camps = [(f"{Scope.CAMP}:{one.run_id}", one.name) for one in found]
        whose: list[tuple[str, Any]] = [(f"{Scope.COMPANY}:0", Scope.COMPANY.label)]
        whose += [(str(Scope.TEAM.label), teams)] if teams else []
        whose += [(str(Scope.CAMP.label), camps)] if camps else []
        zone = tenant.timezone
        spans = {
            f"{Scope.CAMP}:{one.run_id}": (
                clock.local_date(one.starts_at, zone),
                clock.local_date(one.ends_at - timedelta(seconds=1), zone),
            )
            for one in found
        }
        return {"whose": whose, "spans": spans}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.local_date(clock.now(), self.request.tenant.timezone)
        first = today.replace(day=1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        asked = self.request.GET.get("whose", f"{Scope.COMPANY}:0")
        return {"whose": asked, "starts_on": first, "ends_on": last}

    def done(self, form: StarForm, **kwargs: Any) -> HttpResponse:
        row = star_set(tenant=self.request.tenant, wish=form.wish(), actor=self.request.actor)
        toast(self.request, _("Chosen. Plans that go live are asked how they serve it."))
        return go(self.request, self.url("analytics:star", pk=row.pk))


class StarChangePage(FormPage):
    """A drawer: another target, figure or end, with a reason."""

    template_name = "analytics/star_drawer.html"
    form_class = StarChangeForm
    permission = write_permission = Permission.APPROVE

    @cached_property
    def star(self) -> NorthStar:
        return star_get(tenant_id=self.request.tenant.pk, star_id=self.kwargs["pk"])

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"scope": self.star.scope}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        star = self.star
        return {"metric": star.metric, "target": written(star.metric, star.target), "ends_on": star.ends_on}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"star": self.star, "label": star_label(self.star)}

    def done(self, form: StarChangeForm, **kwargs: Any) -> HttpResponse:
        given = form.cleaned_data
        star_change(
            tenant=self.request.tenant, star_id=self.star.pk, metric=given["metric"],
            target=kept(given["metric"], given["target"]), ends_on=given.get("ends_on") or self.star.ends_on,
            reason=given["reason"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Changed. What it was before stands below."))
        return drawer_done(self.request)


class ServePage(FormPage):
    """A drawer: how a plan serves the north star in force."""

    template_name = "analytics/serve_drawer.html"
    form_class = ServeForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        kind, pk = kwargs["kind"], kwargs["pk"]
        if not plan_exists(tenant_id=self.request.tenant.pk, kind=kind, plan_id=pk):
            raise Http404
        said = servings_of(tenant_id=self.request.tenant.pk, kind=kind, plan_ids=[pk])
        return {"words": said[pk].words if pk in said else ""}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        today = clock.local_date(clock.now(), self.request.tenant.timezone)
        star = star_for_plans(tenant_id=self.request.tenant.pk, day=today)
        if star is None:
            raise Http404
        return {"label": star_label(star), "here": self.request.path}

    def done(self, form: ServeForm, **kwargs: Any) -> HttpResponse:
        serving_note(
            tenant=self.request.tenant, kind=kwargs["kind"], plan_id=kwargs["pk"],
            words=form.cleaned_data["words"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Noted. It stands on the plan and on the page of the north star."))
        return drawer_done(self.request)
