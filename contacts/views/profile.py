"""A drawer: what staff learnt about a customer."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from console.pages import FormPage, drawer_done, toast
from contacts.errors import ProfileStale
from contacts.forms import ProfileForm
from contacts.policies.profile import stamp
from contacts.selectors.own_fields import own_specs
from contacts.selectors.profile import ProfileRow, profile_of
from contacts.services.profile import profile_edit
from contacts.views.customers import found
from tenants import clock
from tenants.enums import Permission


class ProfilePage(FormPage):
    """The six asked fields and the company's own; what others said stands beside each."""

    template_name = "contacts/profile.html"
    form_class = ProfileForm
    permission = write_permission = Permission.WORK

    @property
    def _year(self) -> int:
        return clock.local_date(clock.now(), self.request.tenant.timezone).year

    def _rows(self, pk: int) -> list[ProfileRow]:
        return profile_of(customer=found(self.request.tenant.pk, pk), this_year=self._year)

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        rows = self._rows(kwargs["pk"])
        return {
            **{row.field: row.settled.value for row in rows},
            **{f"was_{row.field}": row.settled.value for row in rows},
            **{f"stamp_{row.field}": stamp(row.settled) for row in rows},
        }

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        unknown = [
            (row.field, row.label)
            for row in self._rows(kwargs["pk"])
            if not row.settled.holds and not row.settled.asked
        ]
        own = own_specs(tenant_id=self.request.tenant.pk, archived=False)
        return {"unknown": unknown, "this_year": self._year, "own": own.values()}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        rows = self._rows(kwargs["pk"])
        return {
            "customer": found(self.request.tenant.pk, kwargs["pk"]),
            "contradicted": [row for row in rows if row.against],
        }

    def done(self, form: ProfileForm, **kwargs: Any) -> HttpResponse:
        stamps, shown = {row.field: stamp(row.settled) for row in self._rows(kwargs["pk"])}, form.shown()
        contradicted = {row.field for row in self._rows(kwargs["pk"]) if row.against}
        try:
            changed = profile_edit(
                tenant=self.request.tenant,
                customer_id=kwargs["pk"],
                values=form.values(contradicted={one for one in contradicted if shown[one] == stamps[one]}),
                asked=form.cleaned_data.get("asked", ()),
                actor=self.request.actor,
                shown=shown,
            )
        except ProfileStale:
            form.look_again(stamps)
            raise
        toast(
            self.request,
            _("The profile is kept with your name and the time") if changed else _("Nothing changed"),
        )
        return drawer_done(self.request)
