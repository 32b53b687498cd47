"""Value events in the console (R64): list, one event with its people, new and changed ones."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.pages import ConsoleView, FormPage, TemplatePage, go, toast
from contacts.policies.files import decoded
from groups.selectors import groups_by_id, groups_open
from sop.enums import EventState, SignupOrigin
from sop.forms import AttendanceForm, EventForm, ReasonForm, ReplayForm
from sop.models import ValueEvent
from sop.policies.attendance import ids_in
from sop.selectors.calendar import decorate, touch_list
from sop.selectors.value_events import (
    event_get,
    event_group_ids,
    event_list,
    event_outcome,
    signups_of,
    talked_pairs,
)
from sop.services.runs import group_is_ready
from sop.services.signups import came_from_ids, came_mark, sign_up
from sop.services.value_events import EventWish, event_cancel, event_replay, event_save, event_url
from team.selectors import staff_list
from tenants import clock
from tenants.enums import Permission

PEOPLE = 300


class EventsPage(TemplatePage):
    """Events to come and past ones."""

    template_name = "sop/events.html"
    partial_name = "sop/events.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        now = clock.now()
        rows = list(event_list(tenant_id=self.request.tenant.pk)[:200])
        return {
            "coming": [one for one in reversed(rows) if one.ends_at > now and one.state == EventState.OPEN],
            "past": [one for one in rows if one.ends_at <= now or one.state != EventState.OPEN],
        }


class EventPage(TemplatePage):
    """One event: what comes of it, who signed up and came, what goes out for it."""

    template_name = "sop/event.html"
    partial_name = "sop/event.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        event = event_get(tenant_id=tenant.pk, event_id=kwargs["pk"])
        now = clock.now()
        rows = touch_list(tenant=tenant).filter(run=event.run_id).exclude(state="cancelled")
        groups = groups_by_id(tenant_id=tenant.pk, group_ids=event_group_ids(event=event))
        return {
            "event": event,
            "groups": sorted(groups.values(), key=str),
            "outcome": event_outcome(tenant=tenant, event=event),
            "pairs": talked_pairs(tenant=tenant, event=event),
            "signups": signups_of(event=event)[:PEOPLE],
            "touches": [decorate(one, now) for one in rows.order_by("planned_at", "pk")[:60]],
            "sign_up_url": event_url(event.token),
            "check_in_url": event_url(event.check_in),
            "has_begun": now >= event.starts_at,
            "is_open": event.state == EventState.OPEN,
        }


class EventFormPage(FormPage):
    """A new event, or one that has not begun yet."""

    template_name = "sop/event_form.html"
    form_class = EventForm
    write_permission = Permission.OPERATE

    def event(self, **kwargs: Any) -> ValueEvent | None:
        pk = kwargs.get("pk")
        return event_get(tenant_id=self.request.tenant.pk, event_id=pk) if pk else None

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        return {
            "staff": [(one.pk, str(one)) for one in staff_list(tenant_id=tenant_id, active_only=True)],
            "groups": [(one.pk, str(one)) for one in groups_open(tenant_id=tenant_id) if group_is_ready(one)],
        }

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        event = self.event(**kwargs)
        zone = self.request.tenant.timezone
        if event is None:
            wall = clock.local(clock.now(), zone) + timedelta(days=7)
            starts = wall.replace(hour=20, minute=0, second=0, microsecond=0)
            return {"starts_at": starts, "minutes": 60, "reminders": ["-1440", "-60"]}
        return {
            **{name: getattr(event, name) for name in ("kind", "title", "host", "about", "place", "link", "capacity")},
            "starts_at": clock.local(event.starts_at, zone),
            "minutes": int((event.ends_at - event.starts_at).total_seconds() // 60),
            "groups": event_group_ids(event=event),
            "staff": event.staff_id,
            "reminders": [str(one) for one in event.reminders],
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"event": self.event(**kwargs)}

    def done(self, form: EventForm, **kwargs: Any) -> HttpResponse:
        self.event(**kwargs)
        data = form.cleaned_data
        wish = EventWish(
            kind=data["kind"], title=data["title"], host=data["host"], about=data["about"], place=data["place"],
            link=data["link"], capacity=data["capacity"], staff_id=data["staff"], group_ids=data["groups"],
            starts_at=data["starts_at"], ends_at=data["starts_at"] + timedelta(minutes=data["minutes"]),
            reminders=[int(one) for one in data["reminders"]],
        )  # fmt: skip
        row = event_save(
            tenant=self.request.tenant, event_id=kwargs.get("pk"), wish=wish, actor=self.request.actor
        )
        toast(
            self.request, _("Planned. Staff get the invitation and the reminders as tasks when they are due.")
        )
        return go(self.request, self.url("sop:event", pk=row.pk))


class EventCancelPage(FormPage):
    """A drawer: call an event off, with a reason."""

    template_name = "sop/event_cancel_drawer.html"
    form_class = ReasonForm
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"event": event_get(tenant_id=self.request.tenant.pk, event_id=kwargs["pk"])}

    def done(self, form: ReasonForm, **kwargs: Any) -> HttpResponse:
        event_cancel(
            tenant=self.request.tenant, event_id=kwargs["pk"], reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Called off. Nothing more goes out for it, and its page says so."))
        return go(self.request, self.url("sop:event", pk=kwargs["pk"]))


class EventReplayPage(FormPage):
    """A drawer: the replay's address."""

    template_name = "sop/event_replay_drawer.html"
    form_class = ReplayForm
    write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"url": event_get(tenant_id=self.request.tenant.pk, event_id=kwargs["pk"]).replay_url}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"event": event_get(tenant_id=self.request.tenant.pk, event_id=kwargs["pk"])}

    def done(self, form: ReplayForm, **kwargs: Any) -> HttpResponse:
        event_replay(
            tenant=self.request.tenant,
            event_id=kwargs["pk"],
            url=form.cleaned_data["url"],
            actor=self.request.actor,
        )
        toast(self.request, _("Those who signed up are told by a task of their staff."))
        return go(self.request, self.url("sop:event", pk=kwargs["pk"]))


class EventAttendancePage(FormPage):
    """A drawer: who came, from a file or from pasted lines of WeCom's customer ids."""

    template_name = "sop/event_attendance_drawer.html"
    form_class = AttendanceForm
    write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"event": event_get(tenant_id=self.request.tenant.pk, event_id=kwargs["pk"])}

    def done(self, form: AttendanceForm, **kwargs: Any) -> HttpResponse:
        sent = form.cleaned_data["file"]
        lines = decoded(sent.read()) if sent else form.cleaned_data["lines"]
        taken = came_from_ids(
            tenant=self.request.tenant, event_id=kwargs["pk"], external_userids=ids_in(lines),
            actor=self.request.actor,
        )  # fmt: skip
        said = ngettext("%(n)s more person came.", "%(n)s more people came.", taken.came) % {"n": taken.came}
        if taken.unknown:
            said += " " + _("Not known: %(ids)s") % {"ids": _(", ").join(taken.unknown[:5])}
        toast(self.request, said)
        return go(self.request, self.url("sop:event", pk=kwargs["pk"]))


class EventPersonView(ConsoleView):
    """POST: somebody came, did not come after all, or is signed up by hand."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, other_pk: int, verb: str) -> HttpResponse:
        tenant = self.request.tenant
        event = event_get(tenant_id=tenant.pk, event_id=pk)
        known = signups_of(event=event).get(customer=other_pk)
        if verb == "signed":
            sign_up(tenant=tenant, event_id=pk, customer_id=known.customer_id, origin=SignupOrigin.HAND)
        else:
            came_mark(
                tenant=tenant, event_id=pk, customer_id=known.customer_id, has_come=verb == "came",
                origin=SignupOrigin.HAND, actor=self.request.actor,
            )  # fmt: skip
        return go(request, self.url("sop:event", pk=pk))
