"""The incident room (R25): the list, one incident from signal to review, and its forms."""

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, render, toast
from groups.enums import (
    COMPLAINT_MINUTES,
    COMPLAINT_PEOPLE,
    COMPLAINT_WORDS,
    LEAVE_MINUTES,
    LEAVE_PEOPLE,
    LEAVE_PERCENT,
)
from groups.filters import IncidentFilter
from groups.forms.incidents import (
    AssignForm,
    CloseForm,
    DrillCloseForm,
    EntryForm,
    IncidentForm,
    IncidentReasonForm,
    IncidentTaskForm,
    JudgeForm,
    ReviewForm,
    StatementForm,
)
from groups.models import Group, Incident
from groups.policies.incidents import PLAYBOOKS, words_from
from groups.selectors import groups_by_id
from groups.selectors.incidents import (
    frozen_by,
    held_sends,
    incident_entries,
    incident_get,
    incident_list,
    incident_rooms,
    incident_tasks,
)
from groups.services.incident_freeze import incident_freeze, incident_unfreeze
from groups.services.incident_tasks import task_add, task_assign, task_set_done
from groups.services.incidents import (
    IncidentWish,
    incident_close,
    incident_dismiss,
    incident_judge,
    incident_note,
    incident_open,
    incident_review,
    incident_state,
)
from groups.tables.incidents import IncidentTable
from groups.views.bulk import GroupBulkPage
from team.selectors import staff_list
from tenants import clock, preferences
from tenants.enums import Permission
from wecom.archive.selectors import coverage

CHOICES = 800


def staff_choices(tenant_id: int) -> list[tuple[int, str]]:
    rows = staff_list(tenant_id=tenant_id, active_only=True)[:CHOICES]
    return [(one.pk, str(one)) for one in rows]


def incident_found(request: Any, pk: int) -> Incident:
    """The incident of a URL; a foreign one is a 404 like an unknown one (ConsoleView)."""
    return incident_get(tenant_id=request.tenant.pk, incident_id=pk)


class IncidentListPage(ListPage):
    """All incidents and drills, and what the signals listen to."""

    template_name = "groups/incidents.html"
    table_class = IncidentTable
    filterset_class = IncidentFilter
    key = "groups.incidents"
    title = gettext_lazy("Incidents")
    purpose = gettext_lazy(
        "When a group blows up: freeze first, then speak, then settle. A signal opens a draft; a person judges it."
    )

    def queryset(self) -> QuerySet[Incident]:
        return incident_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug}

    def context(self) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        settings = (
            COMPLAINT_WORDS, COMPLAINT_PEOPLE, COMPLAINT_MINUTES, LEAVE_PEOPLE, LEAVE_PERCENT, LEAVE_MINUTES,
        )  # fmt: skip
        told = preferences.values(tenant_id, *settings)
        return {
            "has_incidents": self.queryset().exists(),
            "hears": coverage(tenant_id=tenant_id).sees_messages,
            "words": words_from(told[COMPLAINT_WORDS.key]),
            "people": told[COMPLAINT_PEOPLE.key],
            "minutes": told[COMPLAINT_MINUTES.key],
            "leave_people": told[LEAVE_PEOPLE.key],
            "leave_percent": told[LEAVE_PERCENT.key],
            "leave_minutes": told[LEAVE_MINUTES.key],
        }


class IncidentNewPage(GroupBulkPage):
    """Begin an incident: `?group=` names its group, a POST from the group list the picked ones."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("group", "")
        wanted = [int(asked)] if asked.isdecimal() and len(asked) < 19 else []
        groups = list(groups_by_id(tenant_id=self.request.tenant.pk, group_ids=wanted).values())
        initial = {"title": request.GET.get("title", ""), "is_drill": bool(request.GET.get("drill"))}
        return self._page(self._wish_form(None, initial), groups)

    def post(self, request: HttpRequest, verb: str = "") -> HttpResponse:
        groups = self._picked()
        if not groups:
            toast(request, _("Pick the groups first, then open the incident."))
            return go(request, self.url("groups:list"))
        if "decided" not in request.POST:
            return self._page(self._wish_form(None, {}), groups)
        form = self._wish_form(request.POST, {})
        if not form.is_valid():
            return self._page(form, groups, status=422)
        told = form.cleaned_data
        wish = IncidentWish(
            kind=told["kind"], level=told["level"], title=told["title"], owner_id=told["owner"],
            group_ids=[group.pk for group in groups], is_drill=told["is_drill"], note=told["note"],
        )  # fmt: skip
        incident = incident_open(tenant=self.request.tenant, wish=wish, actor=self.request.actor)
        toast(request, _("The room is open. Freeze first, then follow the playbook."))
        return go(request, self.url("groups:incident", pk=incident.pk))

    def _wish_form(self, data: Any, initial: dict[str, Any]) -> IncidentForm:
        return IncidentForm(data, initial=initial, staff=staff_choices(self.request.tenant.pk))

    def _page(self, form: IncidentForm, groups: list[Group], status: int = 200) -> HttpResponse:
        context = {"form": form, "groups": groups}
        return render(self.request, "groups/incident_new.html", context, status=status)


class IncidentPage(TemplatePage):
    """The room: what is frozen, the playbook, the timeline, the statement, how it ends."""

    template_name = "groups/incident.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        incident = incident_found(self.request, kwargs["pk"])
        common = {"tenant_id": self.request.tenant.pk, "incident_id": incident.pk}
        rooms = incident_rooms(**common)
        tasks = incident_tasks(**common)
        ids = [room.group_id for room in rooms]
        held = held_sends(tenant_id=self.request.tenant.pk, group_ids=ids, since=incident.frozen_at)
        now = clock.now()
        return {
            "incident": incident,
            "rooms": rooms,
            "frozen_count": frozen_by(**common).count(),
            "held": held,
            "stopped_s": _seconds(incident, held.last_at if held else None),
            "tasks": tasks,
            "done_count": sum(task.done_at is not None for task in tasks),
            "late": {task.pk for task in tasks if task.done_at is None and task.due_at and task.due_at < now},
            "entries": incident_entries(**common),
            "entry_form": EntryForm(),
            "hears": coverage(tenant_id=self.request.tenant.pk).sees_messages,
        }


def _seconds(incident: Incident, last_at: Any) -> float | None:
    """From the freeze until the last queued send was stopped."""
    if incident.frozen_at is None or last_at is None:
        return None
    return max(0.0, (last_at - incident.frozen_at).total_seconds())


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
    heading = gettext_lazy("What it is")

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


class IncidentNote(ConsoleView):
    """POST: one line of the timeline, from the room itself."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        incident = incident_found(self.request, pk)
        form = EntryForm(request.POST)
        if form.is_valid():
            incident_note(
                tenant=self.request.tenant,
                incident_id=incident.pk,
                actor=self.request.actor,
                **form.cleaned_data,
            )
            toast(request, _("Written down"))
        else:
            toast(request, _("Write what happened; an address begins with https://."))
        return go(request, self.url("groups:incident", pk=pk))


class IncidentFreezeView(ConsoleView):
    """POST: freeze the groups of the incident, those picked or all."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        incident = incident_found(self.request, pk)
        picks = [int(one) for one in request.POST.getlist("group") if one.isdecimal()]
        incident = incident_freeze(
            tenant=self.request.tenant,
            incident_id=incident.pk,
            actor=self.request.actor,
            group_ids=picks or None,
        )
        if incident.is_drill:
            toast(request, _("Drill: nothing was frozen; the timeline says what would have been."))
        else:
            count = frozen_by(tenant_id=self.request.tenant.pk, incident_id=pk).count()
            said = ngettext("Sends to %(n)s group are frozen", "Sends to %(n)s groups are frozen", count)
            toast(request, said % {"n": count})
        return go(request, self.url("groups:incident", pk=pk))


class IncidentTaskAct(ConsoleView):
    """POST: a step is done, or not after all."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, task_pk: int, verb: str) -> HttpResponse:
        incident_found(self.request, pk)
        task_set_done(
            tenant=self.request.tenant, task_id=task_pk, is_done=verb == "done", actor=self.request.actor
        )
        return go(request, self.url("groups:incident", pk=pk))
