"""The flash run of a campaign: set up while it is a draft; its nodes, figures and hand-over while it runs."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.enums import CampaignState
from campaigns.enums.flash import FIRST_FIGURE, FlashFigure, Rhythm
from campaigns.forms.flash import FlashForm, hours_of
from campaigns.models import Campaign, FlashNode, FlashRun
from campaigns.policies.flash import compared, node_words, nodes_placed, text_to_post
from campaigns.policies.pictures import code_uri
from campaigns.selectors.flash import (
    RunReport,
    Side,
    nodes_of,
    passages_of,
    report_of,
    run_of,
    run_token,
    spans_of_run,
)
from campaigns.selectors.frame import groups_of_campaign, prize_list
from campaigns.selectors.pages import page_url
from campaigns.services.flash import flash_remove, flash_set, node_settle
from campaigns.views.parts import campaign_of, head, staff_choices
from console.formats import MISSING
from console.pages import ConsoleView, FormPage, go, toast
from console.templatetags.q import figure
from groups.enums import Kind
from groups.selectors import groups_to_pick
from tenants import clock
from tenants.enums import Permission

USUAL_LENGTH = timedelta(days=1)
VERBS = {"posted": True, "undo": False}


def _length(campaign: Campaign) -> timedelta:
    if campaign.starts_at is None or campaign.ends_at is None:
        return USUAL_LENGTH
    return campaign.ends_at - campaign.starts_at


class FlashPage(FormPage):
    """Of a draft the form; of a started one what is due, what happened, who has come along; the form on request."""

    template_name = "campaigns/flash.html"
    form_class = FlashForm
    write_permission = Permission.OPERATE
    title = gettext_lazy("Flash run")

    def _shows_form(self, campaign: Campaign) -> bool:
        """Of a draft always; of a running one on request."""
        asked = "edit" in self.request.GET or self.request.method == "POST"
        return campaign.state == CampaignState.DRAFT or (asked and campaign.state == CampaignState.RUNNING)

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id, campaign = self.request.tenant.pk, campaign_of(self.request, kwargs["pk"])
        if not self._shows_form(campaign):
            return {"prizes": [], "staff": [], "groups": [], "is_fixed": True}
        groups = [(one.pk, one.name) for one in groups_to_pick(tenant_id=tenant_id) if one.kind != Kind.FLASH]
        return {
            "prizes": prize_list(tenant_id=tenant_id, campaign_id=campaign.pk), "staff": staff_choices(tenant_id),
            "groups": groups, "is_fixed": campaign.state != CampaignState.DRAFT,
        }  # fmt: skip

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        if not self._shows_form(campaign):
            return {}
        run = run_of(campaign=campaign)
        if run is None:
            return self._usual(campaign)
        told: dict[str, Any] = {
            "use": run.use, "rhythm": run.rhythm, "target": run.target_id, "wake_prize": run.wake_prize_id,
        }  # fmt: skip
        for one in nodes_of(run=run):
            told[f"after_{one.part}"] = hours_of(one.after)
            told[f"owner_{one.part}"], told[f"words_{one.part}"] = one.owner_id, one.words
        return told

    def _usual(self, campaign: Campaign) -> dict[str, Any]:
        """What a new run begins with: the owner of the campaign posts; words that can be posted as they are."""
        placed = nodes_placed(Rhythm.SALE, _length(campaign))
        told: dict[str, Any] = {"rhythm": Rhythm.SALE}
        ends = ""
        if campaign.ends_at is not None:
            wall = clock.local(campaign.ends_at, self.request.tenant.timezone)
            ends = f"{date_format(wall, 'MONTH_DAY_FORMAT')} {wall:%H:%M}"
        for part, after in placed.items():
            if campaign.ends_at is not None:
                told[f"after_{part}"] = hours_of(after)
            told[f"owner_{part}"] = campaign.owner_id
            told[f"words_{part}"] = node_words(part, name=campaign.name, ends=ends, url="")
        return told

    def context(self, **kwargs: Any) -> dict[str, Any]:
        campaign = campaign_of(self.request, kwargs["pk"])
        run = run_of(campaign=campaign)
        context = {
            **head(self.request, campaign, "flash"), "run": run, "shows_form": self._shows_form(campaign),
        }  # fmt: skip
        if run is None or context["shows_form"]:
            return context
        tenant_id = self.request.tenant.pk
        groups = groups_of_campaign(tenant_id=tenant_id, campaign_id=campaign.pk)
        nodes = nodes_of(run=run)
        report = report_of(campaign=campaign, nodes=nodes, group_ids=[one.pk for one in groups])
        url = page_url(run_token(campaign=campaign, run=run))
        return {
            **context, "lines": self._lines(campaign, nodes, report, url), "report": report,
            "compared": _compared(run, report) if report else [], "half": _half(report),
            "passages": passages_of(run=run, groups=groups), "page_url": url, "page_code": code_uri(url),
            "first": FlashFigure(FIRST_FIGURE[Rhythm(run.rhythm)]).label,
        }  # fmt: skip

    def _lines(
        self, campaign: Campaign, nodes: list[FlashNode], report: RunReport | None, url: str
    ) -> list[dict[str, Any]]:
        """The nodes with their time, state and what happened from each to the next."""
        now = clock.now()
        spans = {one.part: one for one in spans_of_run(campaign=campaign, nodes=nodes)}
        return [
            {
                "node": one, "at": spans[one.part].since, "until": spans[one.part].until,
                "is_late": one.posted_at is None and spans[one.part].until <= now,
                "is_due": one.posted_at is None and spans[one.part].since <= now < spans[one.part].until,
                "figures": report.nodes.get(one.part) if report and spans[one.part].since <= now else None,
                "text": text_to_post(one.words, url),
            }
            for one in nodes
        ]  # fmt: skip

    def done(self, form: FlashForm, **kwargs: Any) -> HttpResponse:
        campaign = campaign_of(self.request, kwargs["pk"])
        placed = nodes_placed(form.cleaned_data["rhythm"], _length(campaign))
        flash_set(
            tenant=self.request.tenant, campaign_id=campaign.pk, wish=form.wish(placed=placed),
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Saved. Each node gets a task on Today two hours before its time."))
        return go(self.request, self.url("campaigns:flash", pk=campaign.pk))


def _half(report: RunReport | None) -> str:
    """How fast the groups filled, in words."""
    if report is None or report.half_after is None:
        return ""
    return _("Half of those who joined since the start were in after %(hours)s hours.") % {
        "hours": hours_of(timedelta(minutes=round(report.half_after / timedelta(minutes=6)) * 6))
    }


def _compared(run: FlashRun, report: RunReport) -> list[dict[str, Any]]:
    """The figures of both sides, that of the rhythm first."""
    first = FIRST_FIGURE[Rhythm(run.rhythm)]
    ordered = [first, *(one for one in FlashFigure if one != first)]
    return [_fill_line(report) if one == FlashFigure.FILL else _share_line(one, report) for one in ordered]


def _share_line(one: FlashFigure, report: RunReport) -> dict[str, Any]:
    ours, theirs = report.ours.share(one), report.theirs.share(one)
    return {
        "label": one.label, "ours": _percent(ours.percent), "theirs": _percent(theirs.percent),
        "ours_of": f"{figure(ours.part)} / {figure(ours.whole)}",
        "theirs_of": f"{figure(theirs.part)} / {figure(theirs.whole)}", "said": compared(ours, theirs),
    }  # fmt: skip


def _fill_line(report: RunReport) -> dict[str, Any]:
    return {
        "label": FlashFigure.FILL.label, "ours": _pace(report.ours), "theirs": _pace(report.theirs),
        "ours_of": _joined_words(report.ours), "theirs_of": _joined_words(report.theirs), "said": "",
    }  # fmt: skip


def _joined_words(side: Side) -> str:
    return _("%(n)s joined %(groups)s groups") % {"n": figure(side.joined), "groups": figure(side.groups)}


def _percent(value: float | None) -> str:
    return MISSING if value is None else f"{value:.1f}%"


def _pace(side: Side) -> str:
    return MISSING if side.joined_a_day is None else f"{side.joined_a_day:.1f}"


class FlashRemoveView(ConsoleView):
    """POST: take the run out of a draft."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = campaign_of(self.request, pk)
        flash_remove(tenant=self.request.tenant, campaign_id=campaign.pk, actor=self.request.actor)
        return go(request, self.url("campaigns:step", pk=pk, step="play"))


class NodeActView(ConsoleView):
    """POST: say that a node is out, or that it is not after all."""

    permission = write_permission = Permission.WORK
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, node_pk: int, verb: str) -> HttpResponse:
        run = run_of(campaign=campaign_of(self.request, pk))
        known = {one.pk for one in nodes_of(run=run)} if run else set()
        if node_pk not in known or verb not in VERBS:
            raise Http404
        node_settle(
            tenant=self.request.tenant, node_id=node_pk, is_posted=VERBS[verb], actor=self.request.actor
        )
        return go(request, self.url("campaigns:flash", pk=pk))
