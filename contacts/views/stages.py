"""The trust stages: who stands where, of all or of one group; and moving one person by hand."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from console.listing import AsFile
from console.pages import FormPage, TemplatePage, drawer_done, go, toast
from contacts.forms import StageForm
from contacts.selectors import groups_for_choice
from contacts.selectors.stages import StageRow, stage_distribution, stage_run_last
from contacts.services.stage_runs import stage_run_start
from contacts.services.stages import stage_set
from contacts.views.customers import found
from tenants import clock
from tenants.enums import Permission


class StagesPage(AsFile, TemplatePage):
    """The distribution over the seven stages with days in each, and what each needs."""

    template_name = "contacts/stages.html"
    key = "contacts.stages"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        return self._file() if "export" in request.GET else super().get(request, **kwargs)

    def _file(self) -> HttpResponseBase:
        rows, _groups, _group_id = self._rows()
        head = [
            _("Stage"), _("People"), _("Share, %"), _("Days in it"), _("What they need"), _("What to do"),
            _("Next content"),
        ]  # fmt: skip
        return self.send_lines(
            head,
            [
                [
                    f"{row.stage} {row.label}", row.people, round(100 * row.share, 1),
                    "" if row.days is None else round(row.days, 1), *map(str, row.guide[:3]),
                ]
                for row in rows
            ],
        )  # fmt: skip

    def _rows(self) -> tuple[list[StageRow], list[tuple[int, str]], int | None]:
        """(the stages, the groups to choose from, the chosen one)."""
        tenant_id = self.request.tenant.pk
        groups = groups_for_choice(tenant_id=tenant_id)
        asked = self.request.GET.get("group", "")
        group_id = int(asked) if asked.isdecimal() and int(asked) in dict(groups) else None
        rows = stage_distribution(tenant_id=tenant_id, now=clock.now(), group_id=group_id)
        return rows, groups, group_id

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        rows, groups, group_id = self._rows()
        return {
            "rows": rows,
            "groups": groups,
            "group_id": group_id,
            "total": sum(row.people for row in rows),
            "run": stage_run_last(tenant_id=tenant_id),
        }


class StageRunPage(TemplatePage):
    """How far judging everyone anew is, asked again and again; POST starts it."""

    template_name = "contacts/_stage_run.html"
    partial_name = "contacts/_stage_run.html"
    write_permission = Permission.OPERATE

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response = super().get(request, **kwargs)
        run = stage_run_last(tenant_id=self.request.tenant.pk)
        if run is not None and run.done_at:
            response.headers["HX-Refresh"] = "true"
        return response

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"run": stage_run_last(tenant_id=self.request.tenant.pk)}

    def post(self, request: HttpRequest) -> HttpResponse:
        stage_run_start(tenant=self.request.tenant, actor=self.request.actor)
        toast(request, _("Everyone is being judged by what is on record"))
        return go(request, self.url("contacts:stages"))


class StagePage(FormPage):
    """A drawer: move one person to another stage, with the reason."""

    template_name = "contacts/stage.html"
    form_class = StageForm
    permission = write_permission = Permission.WORK

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"present": found(self.request.tenant.pk, kwargs["pk"]).stage}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"customer": found(self.request.tenant.pk, kwargs["pk"])}

    def done(self, form: StageForm, **kwargs: Any) -> HttpResponse:
        stage_set(
            tenant=self.request.tenant,
            customer_id=kwargs["pk"],
            stage=form.cleaned_data["stage"],
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        toast(self.request, _("The stage is moved, with your reason"))
        return drawer_done(self.request)
