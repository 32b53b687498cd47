"""Setting a campaign up in four steps, each of which says what is missing."""

from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from campaigns.enums import CampaignState, PrizeKind, Step
from campaigns.forms import CostsForm, IdeaForm, PlaceForm, PlayForm, PrizeForm, RulesForm
from campaigns.models import Campaign
from campaigns.policies.money import yuan_of
from campaigns.policies.readiness import PrizePlan, by_step, worst_case_fen
from campaigns.selectors.frame import group_ids_of, missing_of, prize_get, prize_list, serves_of
from campaigns.selectors.plays import Play, plays, plays_of
from campaigns.services.frame import (
    campaign_set_costs,
    campaign_set_idea,
    campaign_set_place,
    campaign_set_rules,
    prize_remove,
    prize_save,
)
from campaigns.views.parts import campaign_of, group_choices, staff_choices
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from team.selectors.goals import goal_now
from tenants.enums import Permission

FORMS: dict[str, Any] = {
    Step.IDEA: IdeaForm, Step.PLACE: PlaceForm, Step.PRIZES: CostsForm, Step.PLAY: PlayForm,
    Step.RULES: RulesForm,
}  # fmt: skip
# What of a started campaign may still be changed: costs beside the prizes, and who answers for it.
OPEN_AFTER = (Step.PRIZES, Step.RULES)


class StepPage(FormPage):
    """One step; "Save and go on" leads to the next, after the last one to the campaign."""

    template_name = "campaigns/step.html"
    permission = write_permission = Permission.OPERATE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.form_class = FORMS.get(kwargs["step"])  # type: ignore[misc]
        if self.form_class is None:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def _is_fixed(self, pk: int) -> bool:
        return campaign_of(self.request, pk).state != CampaignState.DRAFT

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row, step = campaign_of(self.request, kwargs["pk"]), kwargs["step"]
        if self._is_fixed(row.pk) and step not in OPEN_AFTER:
            raise Http404
        if step == Step.IDEA:
            return {
                "name": row.name, "about": row.about, "theme": row.theme, "goal_kind": row.goal_kind,
                "goal_target": row.goal_target, "colour": row.colour, "serves": serves_of(row),
            }  # fmt: skip
        if step == Step.PLACE:
            ids = group_ids_of(tenant_id=self.request.tenant.pk, campaign_id=row.pk)
            return {"groups": ids, "starts_at": row.starts_at, "ends_at": row.ends_at}
        if step == Step.PRIZES:
            return {
                "budget_yuan": yuan_of(row.budget_fen), "media_yuan": yuan_of(row.media_fen),
                "labour_hours": f"{row.labour_minutes / 60:g}",
            }  # fmt: skip
        if step == Step.PLAY:
            return {}
        return {"rules_text": row.rules_text, "owner": row.owner_id}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, is_fixed = self.request.tenant.pk, self._is_fixed(kwargs["pk"])
        if kwargs["step"] == Step.IDEA:
            return {"goal": goal_now(tenant=self.request.tenant)}
        if kwargs["step"] == Step.PLACE:
            return {"groups": group_choices(tenant_id)}
        if kwargs["step"] == Step.PRIZES:
            return {"is_fixed": is_fixed}
        if kwargs["step"] == Step.RULES:
            return {"staff": staff_choices(tenant_id), "is_fixed": is_fixed}
        return {}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        row = campaign_of(self.request, kwargs["pk"])
        lacking = by_step(missing_of(campaign=row))
        prizes = prize_list(tenant_id=self.request.tenant.pk, campaign_id=row.pk)
        worst = worst_case_fen([PrizePlan(one.name, one.unit_fen, one.stock) for one in prizes])
        is_fixed = self._is_fixed(row.pk)
        return {
            "campaign": row, "step": Step(kwargs["step"]), "title": row.name, "is_fixed": is_fixed,
            "steps": [(step, some) for step, some in lacking.items() if not is_fixed or step in OPEN_AFTER],
            "lacking": [] if is_fixed else lacking[Step(kwargs["step"])], "prizes": prizes, "worst_fen": worst,
            "plays": self._plays(row) if kwargs["step"] == Step.PLAY else [],
            "is_worst_over": row.budget_fen is not None and worst > row.budget_fen,
        }  # fmt: skip

    def _plays(self, row: Campaign) -> list[tuple[Play, bool]]:
        """Every kind, and whether the campaign has one."""
        known = {one.key for one in plays_of(row)}
        return [(one, one.key in known) for one in plays()]

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        step = Step(kwargs["step"])
        self._save(step, kwargs["pk"], form)
        later = list(Step)[list(Step).index(step) + 1 :]
        if not later or self._is_fixed(kwargs["pk"]):
            return go(self.request, self.url("campaigns:detail", pk=kwargs["pk"]))
        return go(self.request, self.url("campaigns:step", pk=kwargs["pk"], step=later[0]))

    def _save(self, step: Step, pk: int, form: Any) -> None:
        who: dict[str, Any] = {
            "tenant": self.request.tenant, "campaign_id": pk, "actor": self.request.actor,
        }  # fmt: skip
        row, given = campaign_of(self.request, pk), form.cleaned_data
        if step == Step.IDEA:
            campaign_set_idea(**who, idea=form.idea())
        elif step == Step.PLACE:
            campaign_set_place(
                **who, group_ids=given["groups"], starts_at=given["starts_at"], ends_at=given["ends_at"]
            )
        elif step == Step.PRIZES:
            campaign_set_costs(**who, costs=form.costs(budget_fen=row.budget_fen))
        elif step == Step.RULES:
            text = given.get("rules_text", row.rules_text)
            campaign_set_rules(**who, rules_text=text, owner_id=given["owner"])


class PrizeNewPage(FormPage):
    """A drawer: a new prize."""

    template_name = "campaigns/prize.html"
    form_class: ClassVar[Any] = PrizeForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"campaign": campaign_of(self.request, kwargs["pk"]), "here": self.request.path, "prize": None}

    def done(self, form: PrizeForm, **kwargs: Any) -> HttpResponse:
        row = prize_save(
            tenant=self.request.tenant, campaign_id=kwargs["pk"], prize_id=kwargs.get("prize_pk"),
            wish=form.wish(), actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Saved: %(name)s") % {"name": row.name})
        return drawer_done(self.request)


class PrizePage(PrizeNewPage):
    """A drawer: change a prize."""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self._prize(**kwargs)
        return {"name": row.name, "kind": row.kind, "unit_yuan": yuan_of(row.unit_fen), "stock": row.stock}

    def _prize(self, **kwargs: Any) -> Any:
        row = prize_get(
            tenant_id=self.request.tenant.pk, campaign_id=kwargs["pk"], prize_id=kwargs["prize_pk"]
        )
        if row.kind == PrizeKind.COUPON:
            raise Http404  # it has a drawer of its own
        return row

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().context(**kwargs), "prize": self._prize(**kwargs)}


class PrizeRemoveView(ConsoleView):
    """POST: take a prize out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, prize_pk: int) -> HttpResponse:
        prize_remove(tenant=self.request.tenant, campaign_id=pk, prize_id=prize_pk, actor=self.request.actor)
        return drawer_done(request)
