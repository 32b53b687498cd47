"""Figures beside a north star: put, change, drop one; score what no machine can watch."""

from decimal import Decimal
from functools import cached_property
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from analytics.forms import RelatedForm, ScoreForm, written
from analytics.models import NorthStar, RelatedMetric
from analytics.selectors.related import HUNDREDTHS, related_get, score_of_day, scores_all
from analytics.selectors.stars import star_get, star_label
from analytics.services.related import related_drop, related_save, score_give, scorer_key
from console.pages import ConsoleView, FormPage, drawer_done, toast
from tenants import clock
from tenants.enums import Permission


class RelatedNewPage(FormPage):
    """A drawer: a figure beside a north star."""

    template_name = "analytics/related_drawer.html"
    form_class = RelatedForm
    permission = write_permission = Permission.OPERATE

    @cached_property
    def star(self) -> NorthStar:
        return star_get(tenant_id=self.request.tenant.pk, star_id=self.kwargs["pk"])

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"scope": self.star.scope, "but": self.star.metric}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"here": self.request.path, "label": star_label(self.star), "related": None}

    def done(self, form: RelatedForm, **kwargs: Any) -> HttpResponse:
        related_save(
            tenant=self.request.tenant, star_id=self.star.pk, wish=form.wish(), actor=self.request.actor
        )
        toast(self.request, _("It stands beside the north star now."))
        return drawer_done(self.request)


class RelatedPage(RelatedNewPage):
    """A drawer: change one."""

    @cached_property
    def row(self) -> RelatedMetric:
        return related_get(tenant_id=self.request.tenant.pk, related_id=self.kwargs["pk"])

    @cached_property
    def star(self) -> NorthStar:
        return self.row.star

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        names = ("step", "metric", "name", "rubric", "link", "strategy", "impact")
        target = written(row.metric, row.target) if row.metric else Decimal(row.target) / HUNDREDTHS
        return {**{name: getattr(row, name) for name in names}, "target": target}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(**kwargs), "related": self.row}

    def done(self, form: RelatedForm, **kwargs: Any) -> HttpResponse:
        related_save(
            tenant=self.request.tenant, star_id=self.star.pk, related_id=self.row.pk, wish=form.wish(),
            actor=self.request.actor,
        )  # fmt: skip
        return drawer_done(self.request)


class RelatedDropView(ConsoleView):
    """POST: look at it no longer."""

    http_method_names = ["post"]
    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        related_drop(tenant=self.request.tenant, related_id=pk, actor=self.request.actor)
        toast(request, _("Taken away. What was scored stays."))
        return drawer_done(request)


class ScorePage(FormPage):
    """A drawer: score it, with the rubric and what colleagues gave."""

    template_name = "analytics/score_drawer.html"
    form_class = ScoreForm
    permission = write_permission = Permission.WORK

    @cached_property
    def row(self) -> RelatedMetric:
        found = related_get(tenant_id=self.request.tenant.pk, related_id=self.kwargs["pk"])
        if found.metric:
            raise RelatedMetric.DoesNotExist
        return found

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        own = score_of_day(
            tenant_id=tenant.pk, related_id=self.row.pk, scorer_key=scorer_key(self.request.actor),
            day=clock.local_date(clock.now(), tenant.timezone),
        )  # fmt: skip
        return {"points": own.points, "note": own.note} if own else {}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        scores = scores_all(tenant_id=self.request.tenant.pk, related_id=self.row.pk)
        return {"related": self.row, "here": self.request.path, "scores": scores}

    def done(self, form: ScoreForm, **kwargs: Any) -> HttpResponse:
        score_give(
            tenant=self.request.tenant, related_id=self.row.pk, points=form.cleaned_data["points"],
            note=form.cleaned_data["note"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Noted, with your name and the time."))
        return drawer_done(self.request)
