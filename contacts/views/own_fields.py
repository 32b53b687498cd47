"""The profile fields that the company declares: the list, a new one, a change, put away (R28)."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from console.exports import moment_cell
from console.listing import AsFile
from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, toast
from contacts.enums import OwnFieldKind, ProfileField
from contacts.forms import OwnFieldForm
from contacts.models import OwnField
from contacts.selectors.own_fields import own_field_get, own_field_list, own_known
from contacts.services.own_fields import own_field_save, own_field_set_archived
from tenants.enums import Permission


def own_field_found(tenant_id: int, pk: int) -> OwnField:
    """The field of a URL, or 404: unknown and foreign look the same."""
    try:
        return own_field_get(tenant_id=tenant_id, field_id=pk)
    except OwnField.DoesNotExist as error:
        raise Http404 from error


class OwnFieldsPage(AsFile, TemplatePage):
    """Every field of a profile: the product's and the company's own."""

    template_name = "contacts/own_fields.html"
    key = "contacts.own_fields"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return self._file() if "export" in request.GET else super().get(request, **kwargs)

    def _file(self) -> HttpResponseBase:
        head = [_("Field"), _("Holds"), _("Options"), _("Known of people"), _("Put away")]
        return self.send_lines(
            head,
            [
                [
                    row.name,
                    row.get_kind_display(),
                    " · ".join(row.options),
                    people,
                    moment_cell(row.archived_at),
                ]
                for row, people in self._told()
            ],
        )

    def _told(self) -> list[tuple[OwnField, int]]:
        """Every field, also those put away, with of how many people it is known."""
        known = own_known(tenant_id=self.request.tenant.pk)
        rows = own_field_list(tenant_id=self.request.tenant.pk, archived=None)
        return [(row, known.get(row.pk, 0)) for row in rows]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        told = self._told()
        return {
            "rows": [one for one in told if not one[0].archived_at],
            "ended": [one for one in told if one[0].archived_at],
            "built_in": [label for _key, label in ProfileField.choices],
        }


class OwnFieldNewPage(FormPage):
    """A drawer: declare a field."""

    template_name = "contacts/own_field.html"
    form_class = OwnFieldForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"here": self.request.path}

    def done(self, form: OwnFieldForm, **kwargs: Any) -> HttpResponse:
        kind = form.cleaned_data["kind"]
        row = own_field_save(
            tenant=self.request.tenant,
            name=form.cleaned_data["name"],
            kind=kind,
            options=form.words if kind == OwnFieldKind.CHOICE else [],
            actor=self.request.actor,
        )
        toast(self.request, _("%(name)s stands on every profile now") % {"name": row.name})
        return drawer_done(self.request)


class OwnFieldEditPage(OwnFieldNewPage):
    """A drawer: rename a field, change its options, put it away."""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = own_field_found(self.request.tenant.pk, kwargs["pk"])
        return {"name": row.name, "options": "\n".join(row.options)}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"present_kind": own_field_found(self.request.tenant.pk, kwargs["pk"]).kind}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(), "row": own_field_found(self.request.tenant.pk, kwargs["pk"])}

    def done(self, form: OwnFieldForm, **kwargs: Any) -> HttpResponse:
        row = own_field_found(self.request.tenant.pk, kwargs["pk"])
        own_field_save(
            tenant=self.request.tenant,
            name=form.cleaned_data["name"],
            kind=row.kind,
            options=form.words,
            actor=self.request.actor,
            field_id=row.pk,
        )
        toast(self.request, _("The field is changed on every profile"))
        return drawer_done(self.request)


class OwnFieldArchiveView(ConsoleView):
    """Put a field away, or take it back; the toast offers the way back."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        row = own_field_found(self.request.tenant.pk, pk)
        row = own_field_set_archived(
            tenant=self.request.tenant,
            field_id=row.pk,
            is_archived=verb == "archive",
            actor=self.request.actor,
        )
        back = "restore" if row.archived_at else "archive"
        said = _("%(name)s is put away") if row.archived_at else _("%(name)s is in use again")
        undo = self.url("contacts:own_field_archive", pk=pk, verb=back)
        toast(request, said % {"name": row.name}, undo)
        return drawer_done(request)
