"""The drawers of an incident's room: each asks for one thing and does it (R25)."""

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy, pgettext_lazy

from console.pages import FormPage, drawer_done, toast
from groups.forms.incidents import (
    AssignForm,
    CloseForm,
    DrillCloseForm,
    IncidentReasonForm,
    IncidentTaskForm,
    JudgeForm,
    ReviewForm,
    StatementForm,
)
from groups.models import Incident
from groups.policies.incidents import PLAYBOOKS
from groups.selectors.incidents import frozen_by
from groups.services.incident_freeze import incident_unfreeze
from groups.services.incident_tasks import task_add, task_assign
from groups.services.incidents import (
    incident_close,
    incident_dismiss,
    incident_judge,
    incident_review,
    incident_state,
)
from groups.views.incidents import incident_found, staff_choices
from tenants import clock
from tenants.enums import Permission


class _InRoom(FormPage, ABC):
    """A drawer of the room. Set `form_class` and `heading`; give `act(form, incident)`."""

    template_name = "groups/incident_drawer.html"
    permission = write_permission = Permission.OPERATE
    heading: Any = ""
    said: Any = gettext_lazy("Kept")

    def context(self, **kwargs: Any) -> dict[str, Any]:
        incident = incident_found(self.request, kwargs["pk"])
        return {"incident": incident, "heading": self.heading, "here": self.request.path}

    @abstractmethod
    def act(self, form: Any, incident: Incident) -> None: ...

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        self.act(form, incident_found(self.request, kwargs["pk"]))
        toast(self.request, self.said)
        return drawer_done(self.request)

    @property
    def common(self) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "actor": self.request.actor}


class _WithStaff(_InRoom):
    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"staff": staff_choices(self.request.tenant.pk)}


class IncidentJudge(_WithStaff):
    """Kind, level, owner; a draft becomes a running incident."""

    form_class = JudgeForm
    heading = pgettext_lazy("incident", "What it is")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        one = incident_found(self.request, kwargs["pk"])
        return {"kind": one.kind, "level": one.level, "owner": one.owner_id}

    def act(self, form: JudgeForm, incident: Incident) -> None:
        told = form.cleaned_data
        incident_judge(
            **self.common,
            incident_id=incident.pk,
            kind=told["kind"],
            level=told["level"],
            owner_id=told["owner"],
        )


class IncidentStatement(_InRoom):
    """The public words."""

    form_class = StatementForm
    heading = gettext_lazy("Public statement")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        one = incident_found(self.request, kwargs["pk"])
        play = next((play for play in PLAYBOOKS[one.kind] if play.key == "statement"), None)
        return {"text": one.statement or (play.words if play else "")}

    def act(self, form: StatementForm, incident: Incident) -> None:
        incident_state(**self.common, incident_id=incident.pk, **form.cleaned_data)


class IncidentTaskNew(_WithStaff):
    """Something to do."""

    form_class = IncidentTaskForm
    heading = gettext_lazy("Something to do")
    said = gettext_lazy("It stands on Today of whoever does it.")

    def act(self, form: IncidentTaskForm, incident: Incident) -> None:
        told = form.cleaned_data
        due_at = clock.now() + timedelta(minutes=told["minutes"]) if told["minutes"] else None
        task_add(
            **self.common, incident_id=incident.pk, text=told["text"], staff_id=told["staff"], due_at=due_at
        )


class IncidentTaskAssign(_WithStaff):
    """Who does one step."""

    form_class = AssignForm
    heading = gettext_lazy("Who does it")

    def act(self, form: AssignForm, incident: Incident) -> None:
        task_assign(**self.common, task_id=self.kwargs["task_pk"], staff_id=form.cleaned_data["staff"])


class IncidentClose(_InRoom):
    """It is settled; sends resume with a reason, or stay frozen."""

    heading = gettext_lazy("Close the incident")
    said = gettext_lazy("Closed. Write the review while it is fresh.")

    @property
    def form_class(self) -> type[CloseForm]:  # type: ignore[override]
        pk = self.kwargs["pk"]
        held = frozen_by(tenant_id=self.request.tenant.pk, incident_id=pk).exists()
        return CloseForm if held else DrillCloseForm

    def act(self, form: CloseForm, incident: Incident) -> None:
        told = form.cleaned_data
        lift = told.get("lift_reason", "") if told.get("is_lifted") else ""
        incident_close(**self.common, incident_id=incident.pk, outcome=told["outcome"], lift_reason=lift)


class IncidentDismiss(_InRoom):
    """A false alarm."""

    form_class = IncidentReasonForm
    heading = gettext_lazy("A false alarm")
    said = gettext_lazy("Put away as a false alarm")

    def act(self, form: IncidentReasonForm, incident: Incident) -> None:
        incident_dismiss(**self.common, incident_id=incident.pk, reason=form.cleaned_data["reason"])


class IncidentUnfreeze(_InRoom):
    """Sends resume, with a reason."""

    form_class = IncidentReasonForm
    heading = gettext_lazy("Resume sends")
    said = gettext_lazy("Sends may go out again.")

    def act(self, form: IncidentReasonForm, incident: Incident) -> None:
        incident_unfreeze(**self.common, incident_id=incident.pk, reason=form.cleaned_data["reason"])


class IncidentReview(_InRoom):
    """What the team learned."""

    form_class = ReviewForm
    heading = gettext_lazy("Review")

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        one = incident_found(self.request, kwargs["pk"])
        return {"cause": one.cause, "went_well": one.went_well, "change": one.change}

    def act(self, form: ReviewForm, incident: Incident) -> None:
        incident_review(**self.common, incident_id=incident.pk, **form.cleaned_data)
