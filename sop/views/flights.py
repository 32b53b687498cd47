"""Trial flights: asking for one, and what came of it."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from console.pages import FormPage, TemplatePage, go
from sop.enums import FlightState
from sop.forms import FlightForm
from sop.selectors.flights import flight_default, flight_get, flight_legs, flights_of, habits_shown
from sop.selectors.templates import version_get, version_list
from sop.services.flights import FlightWish, flight_ask, groups_to_fly
from tenants import clock
from tenants.enums import Permission


class FlightAskPage(FormPage):
    """A drawer: how many groups and members, from when, and which version beside it."""

    template_name = "sop/flight_drawer.html"
    form_class = FlightForm
    write_permission = Permission.OPERATE

    def version(self, pk: int) -> Any:
        return version_get(tenant=self.request.tenant, version_id=pk)

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        version = self.version(kwargs["pk"])
        others = version_list(tenant=self.request.tenant, template_id=version.template_id)
        return {"versions": [(one.pk, f"v{one.number}") for one in others if one.pk != version.pk]}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        tomorrow = clock.local_date(clock.now(), tenant.timezone) + timedelta(days=1)
        groups = groups_to_fly(tenant=tenant, version=self.version(kwargs["pk"]), starts_on=tomorrow)
        return {**flight_default(tenant=tenant, groups=groups), "starts_on": tomorrow}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        return {
            "version": self.version(kwargs["pk"]),
            "flights": flights_of(tenant=tenant, version_id=kwargs["pk"]),
        }

    def done(self, form: FlightForm, **kwargs: Any) -> HttpResponse:
        tenant, data = self.request.tenant, form.cleaned_data
        beside = version_get(tenant=tenant, version_id=data["beside"]) if data["beside"] else None
        version = self.version(kwargs["pk"])
        own = (
            groups_to_fly(tenant=tenant, version=version, starts_on=data["starts_on"])
            if data["as_staffed"]
            else []
        )
        wish = FlightWish(
            version=version,
            beside=beside,
            starts_on=data["starts_on"],
            groups=data["groups"],
            members=data["members"],
            groups_each=data["groups_each"],
            colleagues=data["colleagues"],
            group_ids=[one.pk for one in own[: data["groups"]]],
        )
        flight = flight_ask(tenant=tenant, wish=wish, actor=self.request.actor)
        return go(self.request, self.url("sop:flight", pk=flight.pk))


class FlightPage(TemplatePage):
    """What came of a flight; while it waits, the page asks again."""

    template_name = "sop/flight.html"
    partial_name = "sop/_flight.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Asked again, a flight that has come back loads the page: the column beside it was empty until then."""
        answer = super().get(request, **kwargs)
        flight = flight_get(tenant=self.request.tenant, flight_id=kwargs["pk"])
        if request.headers.get("HX-Request") and flight.state != FlightState.WAITING:
            answer.headers["HX-Refresh"] = "true"
        return answer

    def context(self, **kwargs: Any) -> dict[str, Any]:
        flight = flight_get(tenant=self.request.tenant, flight_id=kwargs["pk"])
        habits, shares = habits_shown(flight)
        return {
            "flight": flight,
            "starts_on": date.fromisoformat(flight.asked["starts_on"]),
            "waits": flight.state == FlightState.WAITING,
            "failed": flight.state == FlightState.FAILED,
            "legs": flight_legs(flight),
            "habits": habits,
            "shares": shares,
        }
