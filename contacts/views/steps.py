"""The obstacle log, and drawers of the three-step state and of the way in."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _

from console.listing import ListPage
from console.pages import FormPage, drawer_done, toast
from contacts.filters import ObstacleFilter
from contacts.forms import ObstacleForm, SolutionForm, WayInForm
from contacts.models import Obstacle
from contacts.selectors.obstacles import obstacle_customer_id, obstacle_log
from contacts.selectors.paths import way_set_of
from contacts.services.obstacles import obstacle_note, obstacle_solve
from contacts.services.paths import way_in_set
from contacts.tables.obstacles import ObstacleTable
from contacts.views.customers import found
from tenants.enums import Permission


class ObstaclesPage(ListPage):
    """What stands in people's way, and what helped others."""

    template_name = "contacts/obstacles.html"
    table_class = ObstacleTable
    filterset_class = ObstacleFilter
    key = "contacts.obstacles"
    title = _("Obstacles")
    purpose = _("What stands in the way of people who try it, and what helped others over the same.")

    def queryset(self) -> QuerySet[Obstacle]:
        return obstacle_log(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug, "can_solve": self.can(Permission.WORK)}

    def context(self) -> dict[str, Any]:
        return {"has_obstacles": self.queryset().exists()}


class ObstaclePage(FormPage):
    """Note what stands in the way."""

    template_name = "contacts/obstacle.html"
    form_class = ObstacleForm
    permission = write_permission = Permission.WORK

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": found(self.request.tenant.pk, kwargs["pk"])}

    def done(self, form: ObstacleForm, **kwargs: Any) -> HttpResponse:
        obstacle_note(
            tenant=self.request.tenant,
            customer_id=kwargs["pk"],
            text=form.cleaned_data["text"],
            actor=self.request.actor,
        )
        toast(self.request, _("The obstacle is noted"))
        return drawer_done(self.request)


class SolvePage(FormPage):
    """Say how an obstacle went away."""

    template_name = "contacts/solve.html"
    form_class = SolutionForm
    permission = write_permission = Permission.WORK

    def context(self, **kwargs: Any) -> dict[str, Any]:
        customer_id = obstacle_customer_id(tenant_id=self.request.tenant.pk, obstacle_id=kwargs["pk"])
        if customer_id is None:
            raise Http404
        return {"customer": found(self.request.tenant.pk, customer_id), "obstacle_pk": kwargs["pk"]}

    def done(self, form: SolutionForm, **kwargs: Any) -> HttpResponse:
        obstacle_solve(
            tenant=self.request.tenant,
            obstacle_id=kwargs["pk"],
            solution=form.cleaned_data["solution"],
            actor=self.request.actor,
        )
        toast(self.request, _("Solved, with your words"))
        return drawer_done(self.request)


class WayInPage(FormPage):
    """Set the way somebody came, with the reason."""

    template_name = "contacts/way_in.html"
    form_class = WayInForm
    permission = write_permission = Permission.WORK

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        known = way_set_of(tenant_id=self.request.tenant.pk, customer_id=kwargs["pk"])
        return {"way": known.way, "reason": known.reason} if known else {}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": found(self.request.tenant.pk, kwargs["pk"])}

    def done(self, form: WayInForm, **kwargs: Any) -> HttpResponse:
        way_in_set(
            tenant=self.request.tenant,
            customer_id=kwargs["pk"],
            way=form.cleaned_data["way"],
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        toast(self.request, _("The way in is kept, with your reason"))
        return drawer_done(self.request)
