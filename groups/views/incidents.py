"""The incident room (R25): the list, how one begins, the room itself and what is pressed in it."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.keys import keys_of
from console.listing import ListPage
from console.pages import ConsoleView, TemplatePage, go, render, toast
from groups.enums import (
    COMPLAINT_MINUTES,
    COMPLAINT_PEOPLE,
    COMPLAINT_WORDS,
    LEAVE_MINUTES,
    LEAVE_PEOPLE,
    LEAVE_PERCENT,
)
from groups.filters import IncidentFilter
from groups.forms.incidents import EntryForm, IncidentForm, IntoForm
from groups.models import Group, Incident
from groups.policies.incidents import words_from
from groups.selectors import groups_by_id
from groups.selectors.incidents import (
    UNDECIDED,
    frozen_by,
    held_sends,
    incident_entries,
    incident_get,
    incident_list,
    incident_rooms,
    incident_tasks,
)
from groups.services.incident_freeze import incident_freeze
from groups.services.incident_tasks import task_set_done
from groups.services.incidents import IncidentWish, incident_add_groups, incident_note, incident_open
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
    """Begin an incident: `?group=` names its group, a POST from the group list the picked ones. While one runs the
    groups can join it instead.
    """

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
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
        if "into" in request.POST:
            return self._join(groups)
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

    def _join(self, groups: list[Group]) -> HttpResponse:
        form = self._into_form(self.request.POST)
        if not form.is_valid():
            toast(self.request, _("That incident is over: open a new one."))
            return self._page(self._wish_form(None, {}), groups, status=422)
        pk = form.cleaned_data["into"]
        fresh = incident_add_groups(
            tenant=self.request.tenant,
            incident_id=pk,
            group_ids=[group.pk for group in groups],
            actor=self.request.actor,
        )
        said = ngettext(
            "%(n)s more group is concerned. Freeze it too.",
            "%(n)s more groups are concerned. Freeze them too.",
            fresh,
        )
        toast(self.request, said % {"n": fresh} if fresh else _("These groups are in it already."))
        return go(self.request, self.url("groups:incident", pk=pk))

    def _into_form(self, data: Any) -> IntoForm:
        running = incident_list(tenant_id=self.request.tenant.pk).filter(state__in=UNDECIDED)
        return IntoForm(data, running=[(one.pk, str(one)) for one in running[:CHOICES]])

    def _wish_form(self, data: Any, initial: dict[str, Any]) -> IncidentForm:
        return IncidentForm(data, initial=initial, staff=staff_choices(self.request.tenant.pk))

    def _page(self, form: IncidentForm, groups: list[Group], status: int = 200) -> HttpResponse:
        context = {"form": form, "into_form": self._into_form(None), "groups": groups}
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
        picks = keys_of(request.POST.getlist("group"))
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
