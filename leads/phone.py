"""The lead on the phone's customer page: why, what to say, and a follow-up in two taps."""

from abc import ABC, abstractmethod
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.pages import render, toast
from contacts.selectors import follow_staff_names, groups_of, is_followed_by
from content.selectors.knowledge import cards_at_hand
from leads.enums import NOTED_KINDS, CloseReason, FollowResult, LeadState, NeedKind, NextAction
from leads.forms import FollowUpForm, NeedForm, NextForm
from leads.models import Lead
from leads.selectors import leads_of_customer
from leads.selectors.board import doubts_of, lead_get, lead_text
from leads.selectors.detail import why_of
from leads.selectors.needs import need_words_known, needs_of
from leads.selectors.scripts import scripts_at_hand
from leads.services import (
    lead_confirm_s,
    lead_deny_s,
    lead_follow_up,
    lead_set_next_action,
    need_note,
)
from team.phone import PhoneView
from team.phone.base import Panel
from tenants import clock
from tenants.enums import Permission
from tenants.errors import DomainError

if TYPE_CHECKING:
    from tenants.models import Tenant


class FormUnclear(DomainError):
    """The form did not say what came of the contact."""

    code = "FOLLOW-01"
    message = gettext_lazy("Choose what came of it first.")


class NextUnclear(DomainError):
    """The form did not say what to do and when."""

    code = "FOLLOW-02"
    message = gettext_lazy("Choose what to do and when first.")


def lead_panel(*, request: HttpRequest, customer_id: int) -> Panel | None:
    """The customer's open lead, or None when there is none."""
    tenant = request.tenant  # type: ignore[attr-defined]
    leads = [
        one
        for one in leads_of_customer(tenant_id=tenant.pk, customer_id=customer_id)
        if one.state == LeadState.OPEN
    ]
    staff = str(request.staff)  # type: ignore[attr-defined]
    return panel_of(tenant=tenant, lead=leads[0], is_friend=True, speaker=staff) if leads else None


def panel_of(*, tenant: "Tenant", lead: Lead, is_friend: bool, speaker: str) -> Panel:
    """One open lead: why, what to say, what to do next. Only a friend can write to the customer."""
    now = clock.now()
    doubts = doubts_of([lead]).get(lead.pk, [])
    needs = needs_of(lead.pk)
    return Panel(
        "leads/_phone_panel.html",
        {
            "lead": lead,
            "lead_text": lead_text(lead),
            "tier_shown": "S?" if lead.is_maybe_s else lead.tier,
            "why": why_of(lead=lead, as_of=now, now=now),
            "doubts": doubts,
            "scripts": scripts_at_hand(tenant=tenant, lead=lead, speaker=speaker, doubts=doubts, needs=needs),
            "needs": needs,
            "cards": cards_at_hand(
                tenant_id=tenant.pk, texts=[*(row.text for row in needs), *(row.text for row in doubts)]
            ),
            "need_kinds": [(one, NeedKind(one).label) for one in NOTED_KINDS],
            "needs_known": need_words_known(tenant_id=tenant.pk),
            "results": FollowResult.choices,
            "reasons": CloseReason.choices,
            "next_times": phone_times(now, tenant.timezone),
            "form_key": uuid4().hex,
            "phone_slug": tenant.slug,
            "is_friend": is_friend,
            "is_overdue": lead.next_action_at is not None and lead.next_action_at < now,
            "actions": NextAction.choices,
        },
        order=10,
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


def lead_in_hand(request: Any, pk: int) -> tuple[Lead, bool]:
    """A lead that this person may see on the phone, and whether the customer is a friend of theirs.

    Its owner, a friend of the customer, or who leads the work. Raises Http404 for anybody else's.
    """
    tenant_id, staff = request.tenant.pk, request.staff
    try:
        lead = lead_get(tenant_id=tenant_id, lead_id=pk)
    except ObjectDoesNotExist as error:
        raise Http404 from error
    is_friend = is_followed_by(tenant_id=tenant_id, customer_id=lead.customer_id, staff_id=staff.pk)
    leads_work = Permission.OPERATE in request.actor.permissions
    if not (is_friend or leads_work or lead.owner_id in (None, staff.pk)):
        raise Http404
    return lead, is_friend


class LeadPhonePage(PhoneView):
    """A task's lead. A friend comes to the customer's page; who is none yet sees the lead and how to get in touch."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead, is_friend = lead_in_hand(self.request, pk)
        if is_friend:
            external = lead.customer.external_userid
            return HttpResponseRedirect(self.url("contacts_phone:customer", external_userid=external))
        tenant = self.request.tenant
        panel = (
            panel_of(tenant=tenant, lead=lead, is_friend=False, speaker=str(self.request.staff))
            if lead.state == LeadState.OPEN
            else None
        )
        who = {"tenant_id": tenant.pk, "customer_ids": [lead.customer_id]}
        context = {
            "lead": lead,
            "panels": [panel] if panel else [],
            "friends": follow_staff_names(**who).get(lead.customer_id, []),
            "groups": groups_of(tenant_id=tenant.pk, customer_id=lead.customer_id),
        }
        return render(request, "leads/phone.html", context, partial="leads/phone.html")


class PhoneLeadView(PhoneView, ABC):
    """A POST about a lead from the phone; goes back to the page it came from."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        lead_in_hand(self.request, pk)
        try:
            self.act(pk, **kwargs)
        except ObjectDoesNotExist as error:
            raise Http404 from error
        back = request.headers.get("referer", "")
        if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
            back = self.url("team_phone:tasks")
        return HttpResponseRedirect(back)

    @abstractmethod
    def act(self, pk: int, **kwargs: Any) -> None:
        """Call the one service. Raises ObjectDoesNotExist for a 404, DomainError for a refusal."""

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


class NeedUnclear(DomainError):
    """The form did not say what was noted."""

    code = "FOLLOW-03"
    message = gettext_lazy("Write what they need first.")


class PhoneNeed(PhoneLeadView):
    """Note one need in the customer's words."""

    def act(self, pk: int, **kwargs: Any) -> None:
        form = NeedForm(self.request.POST)
        if not form.is_valid():
            raise NeedUnclear
        need = need_note(
            lead_id=pk, kind=form.cleaned_data["kind"], text=form.cleaned_data["text"], **self.who
        )
        said = {"kind": need.get_kind_display(), "text": need.text}
        toast(self.request, _("Noted: %(kind)s “%(text)s”.") % said)


class PhoneVerdict(PhoneLeadView):
    """Confirm S, or say it is not."""

    def act(self, pk: int, verb: str = "", **kwargs: Any) -> None:
        verdict = {"confirm": lead_confirm_s, "deny": lead_deny_s}[verb]
        verdict(lead_id=pk, **self.who)
        toast(self.request, _("Confirmed as S.") if verb == "confirm" else _("Noted: not S."))


class PhoneNext(PhoneLeadView):
    """What to do next, and when; moving an overdue date needs a reason."""

    def act(self, pk: int, **kwargs: Any) -> None:
        form = NextForm(self.request.POST)
        if not form.is_valid():
            raise NextUnclear
        data = form.cleaned_data
        at = (
            clock.now() + timedelta(minutes=data["in_minutes"])
            if data["in_minutes"] is not None
            else data["at"]
        )
        action = data["other"].strip() or data["action"]
        lead_set_next_action(lead_id=pk, action=action, at=at, reason=data["reason"], **self.who)
        toast(self.request, _("Planned: %(what)s") % {"what": dict(NextAction.choices).get(action, action)})
