"""A colleague's page: kind, own metric, load, shifts, backup and history (R120, R121, R124)."""

from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from console.audit_changes import change_words
from console.audit_words import verb_label
from console.pages import ConsoleView, FormPage, go, toast
from team.enums import KIND_LINKS, StaffKind
from team.forms import DayOffForm, ProfileForm, ShiftsForm
from team.models import Staff
from team.selectors import loads, own_metrics, staff_get, staff_list
from team.selectors.load import carried
from team.selectors.profiles import profiles_of, shares_of
from team.selectors.shifts import hours_of
from team.services import day_off_set, profile_set, shifts_set
from team.viewer import own_staff
from tenants import clock
from tenants.enums import Permission
from tenants.selectors import audit_list

METRIC_DAYS = 30
KIND_WORDS = {
    StaffKind.OPERATIONS: _("Knows segmenting and service; closes less often"),
    StaffKind.OPS_SALES: _("Understands operations and closes best"),
    StaffKind.SALES: _("Closes; leaves operations to others"),
}
HISTORY_ROWS = 20


def found_staff(view: ConsoleView, pk: int) -> Staff:
    try:
        return staff_get(tenant_id=view.request.tenant.pk, staff_id=pk)
    except Staff.DoesNotExist as error:
        raise Http404 from error


def _choices(view: ConsoleView, pk: int) -> dict[str, Any]:
    people = staff_list(tenant_id=view.request.tenant.pk, active_only=True)
    return {
        "metrics": [(one.key, one.label) for one in own_metrics(converts=True)],
        "colleagues": [(one.pk, str(one)) for one in people if one.pk != pk],
    }


def _entry(one: Any) -> dict[str, Any]:
    """A record of the trail as a line of the timeline."""
    changes = change_words(one.target_kind, one.changes)
    return {
        "at": one.at,
        "text": f"{one.actor_name} {verb_label(one.verb)}",
        "icon_name": "pencil",
        "detail": " · ".join(f"{each.label} {each.before or '–'} → {each.after or '–'}" for each in changes),
    }


class ProfilePage(FormPage):
    """One colleague. Everybody reads it; leaders write."""

    template_name = "team/profile.html"
    form_class = ProfileForm
    write_permission = Permission.APPROVE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = profiles_of(tenant_id=self.request.tenant.pk, staff_ids=[kwargs["pk"]]).get(kwargs["pk"])
        if row is None:
            return {}
        return {
            "kind": row.kind, "strengths": row.strengths, "own_metric": row.own_metric, "backup": row.backup_id,
        }  # fmt: skip

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return _choices(self, kwargs["pk"])

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, staff = self.request.tenant, found_staff(self, kwargs["pk"])
        ids, now = [staff.pk], clock.now()
        today = clock.local_date(now, tenant.timezone)
        profile = profiles_of(tenant_id=tenant.pk, staff_ids=ids).get(staff.pk)
        hours = hours_of(tenant_id=tenant.pk, staff_ids=ids, since=today).get(staff.pk)
        span = {"since": now - timedelta(days=METRIC_DAYS), "until": now}
        figures = [
            (one, shares_of(tenant=tenant, metric=one.key, staff_ids=ids, **span).get(staff.pk))
            for one in own_metrics()
            if not one.converts or (profile and profile.own_metric == one.key)
        ]
        shifts = ShiftsForm(initial={
            f"{end}_{day}": span_of[place]
            for day, span_of in (hours.week.items() if hours else ())
            for place, end in enumerate(("from", "until"))
        })  # fmt: skip
        history = audit_list(tenant=tenant).filter(target_kind="team.staff", target_id=str(staff.pk))
        return {
            "staff": staff,
            "title": str(staff),
            "profile": profile,
            "kinds": StaffKind.choices,
            "kind_words": [(kind.label, words) for kind, words in KIND_WORDS.items()],
            "kind_said": KIND_WORDS.get(StaffKind(profile.kind)) if profile and profile.kind else "",
            "links": sorted(KIND_LINKS.get(profile.kind, ())) if profile else [],
            "owned": [pair for pair in figures if pair[0].converts],
            "process": [pair for pair in figures if not pair[0].converts],
            "days": METRIC_DAYS,
            "load": carried(tenant=tenant, staff_ids=ids)[staff.pk],
            "loads": [
                (one.label, one.provider(tenant_id=tenant.pk, staff_ids=ids).get(staff.pk, 0)) for one in loads()
            ],
            "week": [
                (WEEKDAYS[day], hours.week.get(day) if hours else None, shifts[f"from_{day}"], shifts[f"until_{day}"])
                for day in range(7)
            ],
            "has_week": bool(hours and hours.week),
            "days_off": sorted(hours.days_off) if hours else [],
            "today": today,
            "history": [_entry(one) for one in history[:HISTORY_ROWS]],
            "can_lead": self.can(Permission.APPROVE),
            "can_see_ranking": self.can(Permission.APPROVE) or own_staff(self.request) == staff,
        }  # fmt: skip

    def done(self, form: ProfileForm, **kwargs: Any) -> HttpResponse:
        data = dict(form.cleaned_data)
        data["backup_id"] = data.pop("backup")
        profile_set(tenant=self.request.tenant, staff_id=kwargs["pk"], actor=self.request.actor, **data)
        toast(self.request, _("The profile is saved."))
        return go(self.request, self.url("team:profile", pk=kwargs["pk"]))


class KindView(ConsoleView):
    """POST: one click sets the kind of a colleague."""

    write_permission = Permission.APPROVE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, kind: str) -> HttpResponse:
        if kind not in StaffKind.values:
            raise Http404
        staff = found_staff(self, pk)
        profile_set(tenant=self.request.tenant, staff_id=pk, kind=kind, actor=self.request.actor)
        toast(request, _("%(name)s: %(words)s") % {"name": staff, "words": StaffKind(kind).label})
        back = "profile" if request.POST.get("next") == "profile" else "load"
        return go(request, self.url("team:profile", pk=pk) if back == "profile" else self.url("team:load"))


class ShiftsView(ConsoleView):
    """POST: a colleague's week."""

    write_permission = Permission.APPROVE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found_staff(self, pk)
        form = ShiftsForm(request.POST)
        if form.is_valid():
            shifts_set(tenant=self.request.tenant, staff_id=pk, week=form.week(), actor=self.request.actor)
            toast(request, _("The shifts are saved."))
        else:
            toast(request, _("A shift needs both its start and its end."))
        return go(request, self.url("team:profile", pk=pk) + "#h-shifts")


class DayOffView(ConsoleView):
    """POST: a day off, or none after all."""

    write_permission = Permission.APPROVE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        found_staff(self, pk)
        form = DayOffForm(request.POST)
        if form.is_valid():
            day_off_set(
                tenant=self.request.tenant, staff_id=pk, day=form.cleaned_data["day"],
                is_off=form.cleaned_data["is_off"], actor=self.request.actor,
            )  # fmt: skip
            toast(request, _("The days off are saved."))
        else:
            toast(request, _("Choose a day."))
        return go(request, self.url("team:profile", pk=pk) + "#h-shifts")
