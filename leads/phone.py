"""The lead on the phone's customer page: why, what to say, and a follow-up in two taps."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.pages import toast
from leads.enums import CloseReason, FollowResult, LeadState
from leads.forms import FollowUpForm
from leads.policies.wording import scripts_for
from leads.selectors import leads_of_customer
from leads.selectors.board import doubts_of, lead_text
from leads.selectors.detail import why_of
from leads.services import lead_confirm_s, lead_deny_s, lead_follow_up
from team.phone import PhoneView
from team.phone.base import Panel
from tenants import clock
from tenants.errors import DomainError


class FormUnclear(DomainError):
    """The form did not say what came of the contact."""

    code = "FORM-01"
    message = gettext_lazy("Choose what came of it first.")


def lead_panel(*, request: HttpRequest, customer_id: int) -> Panel | None:
    """The customer's open lead, or None when there is none."""
    tenant = request.tenant  # type: ignore[attr-defined]
    leads = [
        one
        for one in leads_of_customer(tenant_id=tenant.pk, customer_id=customer_id)
        if one.state == LeadState.OPEN
    ]
    if not leads:
        return None
    lead, now = leads[0], clock.now()
    doubts = doubts_of([lead]).get(lead.pk, [])
    return Panel(
        "leads/_phone_panel.html",
        {
            "lead": lead,
            "lead_text": lead_text(lead),
            "tier_shown": "S?" if lead.is_maybe_s else lead.tier,
            "why": why_of(lead=lead, as_of=now, now=now),
            "doubts": doubts,
            "scripts": scripts_for(lead.column, [one.text for one in doubts if one.state == "open"]),
            "results": FollowResult.choices,
            "reasons": CloseReason.choices,
            "next_times": phone_times(now, tenant.timezone),
            "form_key": uuid4().hex,
            "phone_slug": tenant.slug,
        },
    )


def phone_times(now: datetime, zone: str) -> list[dict[str, Any]]:
    """Three times one tap away: in an hour, this evening, tomorrow morning; what is past is left out."""
    today = clock.local_date(now, zone)
    wanted = [
        (_("In 1 hour"), now + timedelta(hours=1)),
        (_("This evening"), clock.at_local(today, time(20, 50), zone)),
        (_("Tomorrow morning"), clock.at_local(today + timedelta(days=1), time(9, 0), zone)),
    ]
    return [
        {"label": label, "at": at, "minutes": int((at - now).total_seconds() // 60)}
        for label, at in wanted
        if at > now
    ]


class PhoneLeadView(PhoneView):
    """A POST about a lead from the phone; goes back to the page it came from."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        try:
            self.act(pk, **kwargs)
        except ObjectDoesNotExist as error:
            raise Http404 from error
        back = request.headers.get("referer", "")
        if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
            back = self.url("team_phone:tasks")
        return HttpResponseRedirect(back)

    def act(self, pk: int, **kwargs: Any) -> None:
        raise NotImplementedError

    @property
    def who(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "actor": self.request.actor}


class PhoneFollow(PhoneLeadView):
    """Two taps: the result, and when next."""

    def act(self, pk: int, **kwargs: Any) -> None:
        form = FollowUpForm(self.request.POST)
        if not form.is_valid():
            raise FormUnclear
        row = lead_follow_up(lead_id=pk, **form.arguments(clock.now()), **self.who)
        toast(self.request, _("Logged: %(result)s.") % {"result": row.get_result_display()})


class PhoneVerdict(PhoneLeadView):
    """Confirm S, or say it is not."""

    def act(self, pk: int, verb: str = "", **kwargs: Any) -> None:
        verdict = {"confirm": lead_confirm_s, "deny": lead_deny_s}[verb]
        verdict(lead_id=pk, **self.who)
        toast(self.request, _("Confirmed as S.") if verb == "confirm" else _("Noted: not S."))
