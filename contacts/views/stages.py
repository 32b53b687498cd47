"""The trust stages: who stands where, of all, of one camp or of one group; and moving one person by hand."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.keys import key_of
from console.listing import AsFile
from console.pages import FormPage, TemplatePage, drawer_done, go, toast
from contacts.enums import STAGE_GUIDE, TrustStage
from contacts.forms import StageForm, StageSettingForm
from contacts.policies.stages import BUILT_IN, FIRST, StageRule
from contacts.selectors import groups_for_choice
from contacts.selectors.camps import camps_for_choice
from contacts.selectors.stages import (
    Stage,
    rule_words,
    stage_distribution,
    stage_names,
    stage_run_last,
    stages_of,
)
from contacts.services.stage_runs import stage_run_start
from contacts.services.stage_settings import WORDS, StageWish, stage_configure
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
        rows = self._rows()["rows"]
        head = [
            _("Stage"), _("People"), _("Share, %"), _("Days in it"), _("What brings people here"),
            pgettext_lazy("trust stage", "Where they stand"), _("What they need"), _("What to do"), _("Next content"),
        ]  # fmt: skip
        return self.send_lines(
            head,
            [
                [
                    f"{row.stage} {row.label}", row.people, round(100 * row.share, 1),
                    "" if row.days is None else round(row.days, 1), row.rule_words, str(row.told.state),
                    str(row.told.need), str(row.told.action), str(row.told.content),
                ]
                for row in rows
            ],
        )  # fmt: skip

    def _rows(self) -> dict[str, Any]:
        """The stages, the camps and groups to choose from, and the chosen one; a camp goes before a group."""
        tenant_id = self.request.tenant.pk
        camps, groups = camps_for_choice(tenant_id=tenant_id), groups_for_choice(tenant_id=tenant_id)
        camp_id, group_id = self._asked("camp", camps), self._asked("group", groups)
        group_id = None if camp_id is not None else group_id
        rows = stage_distribution(tenant_id=tenant_id, now=clock.now(), group_id=group_id, camp_id=camp_id)
        return {"rows": rows, "camps": camps, "groups": groups, "camp_id": camp_id, "group_id": group_id}

    def _asked(self, name: str, choices: list[tuple[int, str]]) -> int | None:
        asked = key_of(self.request.GET.get(name))
        return asked if asked in dict(choices) else None

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        shown = self._rows()
        return {
            **shown,
            "total": sum(row.people for row in shown["rows"]),
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
        tenant_id = self.request.tenant.pk
        return {"present": found(tenant_id, kwargs["pk"]).stage, "names": stage_names(tenant_id=tenant_id)}

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


class StageSettingPage(FormPage):
    """A drawer: what the company calls a stage, what it says of it, and by what rule people reach it."""

    template_name = "contacts/stage_setting.html"
    form_class = StageSettingForm
    permission = write_permission = Permission.OPERATE

    def _stage(self, **kwargs: Any) -> Stage:
        found = stages_of(tenant_id=self.request.tenant.pk).get(kwargs["number"])
        if found is None:
            raise Http404
        return found

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        stage = self._stage(**kwargs)
        return {"has_rule": stage.number != FIRST, "built_in": _built_in(stage.number)}

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        stage = self._stage(**kwargs)
        own = {field: getattr(stage.setting, field) for field in WORDS} if stage.setting else {}
        return {**own, "how": "any" if stage.rule.any_of else "all", **stage.rule.counts}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        stage = self._stage(**kwargs)
        return {"stage": stage, "built_in_rule": rule_words(BUILT_IN.get(stage.number, StageRule({})))}

    def done(self, form: StageSettingForm, **kwargs: Any) -> HttpResponse:
        stage = self._stage(**kwargs)
        is_reset = "reset" in self.request.POST
        words = {field: form.cleaned_data[field] for field in WORDS}
        wish = StageWish() if is_reset else StageWish(**words, rule=form.rule())
        rule_changed = stage_configure(
            tenant=self.request.tenant, stage=stage.number, wish=wish, actor=self.request.actor
        )
        toast(
            self.request,
            _("Saved. Judge everyone now, and those already known are judged by the new rule too.")
            if rule_changed
            else _("The stage is saved."),
        )
        return drawer_done(self.request)


def _built_in(number: int) -> dict[str, str]:
    """What the product says of a stage where the company says nothing."""
    stage = TrustStage(number)
    return dict(zip(WORDS, map(str, (stage.label, *STAGE_GUIDE[stage])), strict=True))
