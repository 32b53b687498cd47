"""Drawers of the weekly push table: one slot, and copying a week."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from console import formats
from console.pages import FormPage, go, toast
from groups.enums import PLAN_DAYS
from groups.selectors import groups_open
from groups.selectors.digest import digest_of, digest_words
from groups.services.week_exempt import week_exempt_set
from sop.enums import Channel, ContentType
from sop.forms import SlotForm, WeekCopyForm, WeekExemptForm
from sop.models import PushSlot
from sop.policies.push import PLACES, Place
from sop.selectors.push import slots_of_weeks
from sop.selectors.push_grid import grid_of
from sop.selectors.topics import topic_get
from sop.services.push import SlotWish, slot_put, slots_put, week_copy
from sop.services.push_confirm import week_confirm
from sop.views.push import place_from, place_words, places_said, say_undo
from sop.views.push_guard import group_open, week_of
from team.selectors import staff_list
from tenants.enums import Permission
from tenants.errors import DomainError

if TYPE_CHECKING:
    from groups.models import Group

WEEKS_AHEAD = 5


class _WeekForm(FormPage):
    """A drawer about one group's week."""

    write_permission = Permission.OPERATE

    @property
    def group(self) -> "Group":
        if not hasattr(self, "_group"):
            self._group = group_open(self.request, self.kwargs["pk"])
        return self._group

    @property
    def monday(self) -> date:
        return week_of(self.request.GET.get("week"))

    def back(self) -> str:
        return f"{self.url('sop:week')}?group={self.group.pk}&week={self.monday.isoformat()}"


class SlotPage(_WeekForm):
    """One slot: what is said, by whom, how; the same for other groups at once. Read only once it has gone out."""

    template_name = "sop/slot_drawer.html"
    form_class = SlotForm

    @property
    def place(self) -> Place:
        return place_from(self.kwargs["place"])

    def row(self) -> PushSlot | None:
        rows = slots_of_weeks(tenant_id=self.request.tenant.pk, group_ids=[self.group.pk], monday=self.monday)
        return rows.get(self.group.pk, {}).get(self.place)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """A digest never takes a filled slot's place: the next free one of the week opens instead."""
        if self.digest_day and self.row() is not None:
            free = next((one for one in self._free() if PLACES.index(one) > PLACES.index(self.place)), None)
            if free is not None:
                url = self.url("sop:week_slot", pk=self.group.pk, place=f"{free[0]}-{free[1]}")
                return HttpResponseRedirect(f"{url}?{request.GET.urlencode()}")
            toast(
                request,
                _("Every slot left of this week is filled. Copy the words, or put them in one by hand."),
            )
        return super().get(request, **kwargs)

    @property
    def digest_day(self) -> date | None:
        """The day whose digest is to be posted; None for an ordinary slot."""
        try:
            return date.fromisoformat(self.request.GET.get("digest", ""))
        except ValueError:
            return None

    def _free(self) -> list[Place]:
        """Empty slots that can still be filled, in their order."""
        cells = grid_of(tenant=self.request.tenant, group=self.group, monday=self.monday).cells
        return [(one.number, one.slot) for one in cells if one.row is None and not one.is_fixed]

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        staff = staff_list(tenant_id=tenant_id, active_only=True)
        others = groups_open(tenant_id=tenant_id).exclude(pk=self.group.pk)
        return {
            "staff": [(one.pk, str(one)) for one in staff],
            "groups": [(one.pk, str(one)) for one in others],
        }

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row()
        if row is not None:
            return {
                **{name: getattr(row, name) for name in ("content_type", "title", "text", "channel", "at")},
                "staff": row.staff_id, "topic": row.topic_id, "material": row.material_id,
            }  # fmt: skip
        digest = self._digest()
        if digest:
            return {
                "content_type": ContentType.VALUE, "title": _("Digest of the day before"), "text": digest,
                "channel": Channel.GROUP_FORWARD, "staff": self.group.owner_id,
            }  # fmt: skip
        topic = self._topic()
        if topic is not None:
            return {
                "content_type": ContentType.TOPIC, "title": topic.title, "text": topic.text, "topic": topic.pk,
                "staff": topic.opener_id or self.group.owner_id,
            }  # fmt: skip
        asked = self.request.GET.get("type", "")
        kind = asked if asked in ContentType.values else ContentType.VALUE.value
        return {"content_type": kind, "channel": Channel.GROUP_FORWARD, "staff": self.group.owner_id}

    def _digest(self) -> str:
        """The words of a busy day's digest; "" for none, and for who may not read what members say."""
        day = self.digest_day
        if day is None or not self.can(Permission.SEE_PERSONAL):
            return ""
        return digest_words(digest_of(tenant=self.request.tenant, group=self.group, day=day))

    def _topic(self) -> Any:
        asked = self.request.GET.get("topic", "")
        return (
            topic_get(tenant_id=self.request.tenant.pk, topic_id=int(asked))
            if asked.isdecimal() and len(asked) < 19
            else None
        )

    def context(self, **kwargs: Any) -> dict[str, Any]:
        grid = grid_of(tenant=self.request.tenant, group=self.group, monday=self.monday)
        cell = next(one for one in grid.cells if (one.number, one.slot) == self.place)
        free = [
            (one.number, one.slot)
            for one in grid.cells
            if not one.is_fixed and (one.number, one.slot) != self.place
        ]
        return {
            "group": self.group,
            "monday": self.monday,
            "cell": cell,
            "place": kwargs["place"],
            "digest": self.digest_day,
            "place_said": place_words(self.monday, self.place),
            "moves": places_said(self.monday, free) if cell.row else [],
        }

    def done(self, form: SlotForm, **kwargs: Any) -> HttpResponse:
        data = form.cleaned_data
        row = self.row()
        wish = SlotWish(
            links=row.links if row else [], attachments=row.attachments if row else [],
            material_id=row.material_id if row else None,
            content_type=data["content_type"], title=data["title"].strip(), text=data["text"].strip(),
            channel=data["channel"], at=data["at"], staff_id=data["staff"], topic_id=data["topic"],
        )  # fmt: skip
        common = {
            "tenant": self.request.tenant, "monday": self.monday, "place": self.place, "wish": wish,
            "actor": self.request.actor,
        }  # fmt: skip
        carried_out = self.digest_day is not None and self._is_carried_out()
        done = slot_put(group_id=self.group.pk, **common)
        more = slots_put(group_ids=data["also"], **common) if data["also"] else 0
        if carried_out:
            return self._confirmed()
        said = _("Stands at %(place)s now.") % {"place": place_words(self.monday, self.place)}
        if more:
            said += " " + ngettext("And in %(n)s other group.", "And in %(n)s other groups.", more) % {
                "n": more
            }
        say_undo(self.request, done, said)
        return go(self.request, self.back())

    def _is_carried_out(self) -> bool:
        """Whether the week is confirmed and nobody has changed it since: then one more slot needs no second look."""
        grid = grid_of(tenant=self.request.tenant, group=self.group, monday=self.monday)
        return grid.is_confirmed and not grid.changed

    def _confirmed(self) -> HttpResponse:
        place = {"place": place_words(self.monday, self.place)}
        try:
            week_confirm(
                tenant=self.request.tenant,
                group_id=self.group.pk,
                monday=self.monday,
                actor=self.request.actor,
            )
        except DomainError as error:
            toast(
                self.request,
                _("Stands at %(place)s now, but does not go out yet:") % place + f" {error.message}",
            )
        else:
            toast(self.request, _("Goes out at %(place)s: the week was confirmed already.") % place)
        return go(self.request, self.back())


class WeekCopyPage(_WeekForm):
    """Copy slots of this week to another week, to other groups, or both."""

    template_name = "sop/week_copy_drawer.html"
    form_class = WeekCopyForm

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        rows = slots_of_weeks(
            tenant_id=self.request.tenant.pk, group_ids=[self.group.pk], monday=self.monday
        ).get(self.group.pk, {})
        mondays = [self.monday + timedelta(days=PLAN_DAYS * number) for number in range(WEEKS_AHEAD)]
        return {
            "weeks": [(one.isoformat(), _week_said(one)) for one in mondays],
            "groups": [(one.pk, str(one)) for one in groups_open(tenant_id=self.request.tenant.pk)],
            "places": [
                (f"{place[0]}-{place[1]}", f"{place_words(self.monday, place)} · {rows[place].title}")
                for place in PLACES
                if place in rows
            ],
        }

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        following = self.monday + timedelta(days=PLAN_DAYS)
        return {"to_week": following.isoformat(), "groups": [self.group.pk]}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": self.group, "monday": self.monday, "said": _week_said(self.monday)}

    def done(self, form: WeekCopyForm, **kwargs: Any) -> HttpResponse:
        data = form.cleaned_data
        count = week_copy(
            tenant=self.request.tenant, group_id=self.group.pk, monday=self.monday, to_group_ids=data["groups"],
            to_monday=data["to_week"], actor=self.request.actor, overwrite=data["overwrite"],
            places=[place_from(one) for one in data["places"]] or None,
        )  # fmt: skip
        said = ngettext("%(n)s slot copied.", "%(n)s slots copied.", count) % {"n": count}
        toast(self.request, said if count else _("Nothing copied: those slots are filled or over already."))
        first = data["groups"][0] if self.group.pk not in data["groups"] else self.group.pk
        return go(self.request, f"{self.url('sop:week')}?group={first}&week={data['to_week'].isoformat()}")


class WeekExemptPage(_WeekForm):
    """A drawer: this group owes no weekly plan, and why; a POST with `owes` takes that back."""

    template_name = "sop/week_exempt_drawer.html"
    form_class = WeekExemptForm

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": self.group}

    def post(self, request: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("owes"):
            self._set("")
            return go(request, f"{self.url('sop:week')}?group={self.group.pk}")
        return super().post(request, **kwargs)

    def done(self, form: WeekExemptForm, **kwargs: Any) -> HttpResponse:
        self._set(form.cleaned_data["reason"])
        return go(self.request, f"{self.url('sop:week')}?group={self.group.pk}")

    def _set(self, reason: str) -> None:
        week_exempt_set(
            tenant=self.request.tenant, group_id=self.group.pk, reason=reason, actor=self.request.actor
        )


def _week_said(monday: date) -> str:
    last = monday + timedelta(days=PLAN_DAYS - 1)
    return f"{formats.day(monday, get_language() or '')} – {formats.day(last, get_language() or '')}"
