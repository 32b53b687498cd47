"""What is posted about leads. Each view parses, calls one service and goes back."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.keys import keys_of
from console.pages import ConsoleView, go, toast
from leads.enums import LeadState
from leads.errors import NextActionMissing, OwnerUnknown
from leads.forms import AssignForm, CloseForm, FollowUpForm, NextForm
from leads.selectors.board import lead_get
from leads.services import (
    doubt_answer,
    doubt_raise,
    lead_close,
    lead_confirm_s,
    lead_deny_s,
    lead_follow_up,
    lead_reopen,
    lead_set_next_action,
    lead_set_s,
    leads_give,
)
from team.viewer import own_staff
from tenants import clock
from tenants.errors import DomainError


class InputRefused(DomainError):
    """The form did not say enough; the message names the first field."""

    code = "FOLLOW-04"


class ActionView(ConsoleView, ABC):
    """A POST about a lead; goes back to where it came from. A foreign id is a 404."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if "pk" in kwargs:
            lead_get(
                tenant_id=self.request.tenant.pk, lead_id=kwargs["pk"]
            )  # before what the form says is judged
        self.act(**kwargs)
        return go(request, self._back(**kwargs))

    @abstractmethod
    def act(self, **kwargs: Any) -> None:
        """Call the one service and say what was done; `kwargs` are those of the URL."""

    def _back(self, **kwargs: Any) -> str:
        wanted = self.request.POST.get("back") or self.request.headers.get("referer", "")
        if wanted and url_has_allowed_host_and_scheme(wanted, {self.request.get_host()}):
            return wanted
        return self.url("leads:detail", pk=kwargs["pk"]) if "pk" in kwargs else self.url("leads:board")

    @property
    def who(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "actor": self.request.actor}

    def read(self, form_class: type[Form]) -> dict[str, Any]:
        """The cleaned form. Raises InputRefused."""
        return self.form(form_class).cleaned_data

    def form(self, form_class: type[Form]) -> Any:
        """The valid form; local times are the tenant's. Raises InputRefused."""
        with timezone.override(self.request.tenant.timezone):
            form = form_class(self.request.POST)
            if not form.is_valid():
                field, errors = next(iter(form.errors.items()))
                label = form.fields[field].label if field in form.fields else ""
                raise InputRefused(f"{label or field}: {errors[0]}")
            return form


class SVerdict(ActionView):
    """Confirm S, say it is not, or set it by hand."""

    def act(self, pk: int, verb: str) -> None:  # type: ignore[override]
        verdicts: dict[str, Callable[..., Any]] = {"confirm": lead_confirm_s, "deny": lead_deny_s}
        if verb == "set":
            lead_set_s(lead_id=pk, reason=self.request.POST.get("reason", ""), **self.who)
            toast(self.request, _("Set to S."))
            return
        verdicts[verb](lead_id=pk, **self.who)
        toast(self.request, _("Confirmed as S.") if verb == "confirm" else _("Noted: not S."))


class FollowUpView(ActionView):
    """Log a contact with one tap."""

    def act(self, pk: int) -> None:  # type: ignore[override]
        form = self.form(FollowUpForm)
        row = lead_follow_up(lead_id=pk, **form.arguments(clock.now()), **self.who)
        back = self.url("leads:reopen", pk=pk) if row.result in ("paid", "not_buying") else ""
        toast(self.request, _("Logged: %(result)s.") % {"result": row.get_result_display()}, back)


class NextView(ActionView):
    """Plan what comes next."""

    def act(self, pk: int) -> None:  # type: ignore[override]
        data = self.read(NextForm)
        at: datetime | None = data["at"]
        if data["in_minutes"] is not None:
            at = clock.now() + timedelta(minutes=data["in_minutes"])
        if at is None:
            raise NextActionMissing
        action = data["other"] or data["action"]
        lead_set_next_action(lead_id=pk, action=action, at=at, reason=data["reason"], **self.who)
        toast(self.request, _("Next action saved."))


class CloseView(ActionView):
    """Won, or not buying; both can be taken back."""

    def act(self, pk: int) -> None:  # type: ignore[override]
        data = self.read(CloseForm)
        lead_close(lead_id=pk, **data, **self.who)
        said = {
            LeadState.WON.value: _("Closed as won."),
            LeadState.NOT_BUYING.value: _("Closed as not buying. No more sales messages."),
        }
        toast(self.request, said[data["state"]], self.url("leads:reopen", pk=pk))


class ReopenView(ActionView):
    """Take a close back."""

    def act(self, pk: int) -> None:  # type: ignore[override]
        lead_reopen(lead_id=pk, reason=self.request.POST.get("reason", ""), **self.who)
        toast(self.request, _("Open again."))


class DoubtView(ActionView):
    """Note a doubt."""

    def act(self, pk: int) -> None:  # type: ignore[override]
        doubt_raise(lead_id=pk, text=self.request.POST.get("text", ""), **self.who)
        toast(self.request, _("Doubt noted."))


class DoubtAnswerView(ActionView):
    """Note that a doubt was answered."""

    def act(self, doubt_pk: int) -> None:  # type: ignore[override]
        doubt_answer(doubt_id=doubt_pk, answer=self.request.POST.get("answer", ""), **self.who)
        toast(self.request, _("Doubt answered."))


class GivingView(ActionView):
    """Gives leads to colleagues and says so, with its undo."""

    def give(self, wanted: dict[int, int]) -> None:
        count, act = leads_give(wanted=wanted, **self.who)
        said = ngettext("%(count)s lead assigned.", "%(count)s leads assigned.", count)
        undo = self.url("leads:share_undo", act=act) if act else ""
        toast(self.request, said % {"count": count}, undo)


class AssignView(GivingView):
    """Give picked leads to a colleague."""

    def act(self) -> None:  # type: ignore[override]
        data = self.read(AssignForm)
        self.give(dict.fromkeys(data["pick"], data["staff"]))


class AssignMeView(GivingView):
    """Give picked leads to whoever is signed in."""

    def act(self) -> None:  # type: ignore[override]
        me = own_staff(self.request)
        if me is None:
            raise OwnerUnknown(
                _("Your login is not linked to a WeCom account. Ask a leader to link it under Team.")
            )
        picked = keys_of(self.request.POST.getlist("pick"))
        self.give(dict.fromkeys(picked, me.pk))
