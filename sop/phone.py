"""The staff member's page of a due touch: what the customer will see, where it goes, and the word that it is sent."""

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _

from console.pages import render, toast
from content.policies.wording import render as fill
from sop.enums import GROUP_CHANNELS, INTERNAL_CHANNELS, MASS_CHANNELS, Channel, TouchState
from sop.forms import NoteForm
from sop.models import Touch
from sop.selectors.beside import runs_in_group
from sop.selectors.calendar import decorate, touch_list
from sop.selectors.preview_message import attachment_parts
from sop.selectors.recipients import bundle_list, recipient_list
from sop.services.forwarding import forward_parts
from sop.services.staff import touch_submit
from team.phone import PhoneView
from team.phone.base import Panel
from tenants import clock
from wecom.errors import NotConnected, WecomError

if TYPE_CHECKING:
    from groups.models import Group

STEPS_SHOWN = 40


class ForwardView(PhoneView):
    """GET shows the touch and those done with it; POST says that this one is sent."""

    def touches(self, pk: int) -> list[Touch]:
        found = bundle_list(tenant=self.request.tenant, touch_id=pk, staff_id=self.request.staff.pk)
        if not found:
            raise Http404
        now = clock.now()
        return [decorate(one, now) for one in found]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        touches = self.touches(pk)
        waiting = [one for one in touches if one.state == TouchState.HANDED]
        first = next((one for one in waiting if one.pk == pk), waiting[0] if waiting else touches[0])
        context = {
            "touches": touches,
            "first": first,
            "waiting": waiting,
            "done": sum(1 for one in touches if one.state in (TouchState.SUBMITTED, TouchState.CONFIRMED)),
            "confirmed": sum(1 for one in touches if one.state == TouchState.CONFIRMED),
            "is_mass": first.channel in MASS_CHANNELS,
            "is_inside": first.channel in INTERNAL_CHANNELS,
            "is_group": first.channel in GROUP_CHANNELS,
            "is_forward": first.channel == Channel.GROUP_FORWARD,
            "people": self._people(first),
            "parts": self._parts(first),
            "parts_url": self.url("sop_phone:forward_parts", pk=first.pk) if first.attachments else "",
            "until": max((one.window_ends_at for one in touches), default=None),
        }
        return render(request, "sop/forward.html", context, partial="sop/forward.html")

    def _parts(self, touch: Touch) -> list[dict[str, Any]]:
        """The message as it is handed over; before that, as it is written."""
        text = touch.text or touch.step.text
        attachments = touch.attachments if touch.text or touch.attachments else touch.step.attachments
        said = [{"kind": "text", "text": text}] if text else []
        return said + attachment_parts(tenant_id=touch.tenant_id, attachments=attachments)

    def _people(self, touch: Touch) -> list[Any]:
        if touch.channel in GROUP_CHANNELS or touch.channel in MASS_CHANNELS:
            return []
        rows = recipient_list(tenant=self.request.tenant, touch_id=touch.pk).exclude(state="blocked")[:200]
        return [(one, fill(touch.text, {"customer": one.customer.name or _("Hello")}, {})) for one in rows]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.touches(pk)
        form = NoteForm(request.POST)
        note = form.cleaned_data["note"] if form.is_valid() else ""
        touch = touch_submit(tenant=self.request.tenant, touch_id=pk, actor=self.request.actor, note=note)
        is_proven = touch.state == TouchState.CONFIRMED
        said = _("Confirmed.") if is_proven else _("Submitted. It counts as confirmed once there is proof.")
        toast(request, said)
        return HttpResponseRedirect(self.url("sop_phone:forward", pk=pk))


class ForwardPartsView(PhoneView):
    """GET as JSON: what comes along with a touch, ready for WeCom's JS-SDK. Others' touches: 404."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = bundle_list(tenant=self.request.tenant, touch_id=pk, staff_id=self.request.staff.pk)
        touch = next((one for one in found if one.pk == pk), None)
        if touch is None:
            raise Http404
        try:
            answer = JsonResponse(forward_parts(tenant_id=touch.tenant_id, touch=touch))
        except NotConnected as error:
            answer = JsonResponse({"error": str(error.message)}, status=503)
        except (WecomError, KeyError):
            sorry = _("What comes along could not be brought to WeCom just now. Try again in a moment.")
            answer = JsonResponse({"error": sorry}, status=503)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def group_steps_panel(*, request: HttpRequest, group: "Group") -> Panel:
    """Today's steps on the phone's group page, in their order."""
    tenant, now = request.tenant, clock.now()  # type: ignore[attr-defined]
    since, until = clock.day_bounds(clock.local_date(now, tenant.timezone), tenant.timezone)
    rows = (
        touch_list(tenant=tenant)
        .filter(group=group, planned_at__gte=since, planned_at__lt=until)
        .exclude(state=TouchState.CANCELLED)
        .order_by("due_at", "pk")[:STEPS_SHOWN]
    )
    context = {
        "runs": runs_in_group(tenant=tenant, group=group, day=clock.local_date(now, tenant.timezone)),
        "touches": [decorate(one, now) for one in rows],
        "staff_id": request.staff.pk,  # type: ignore[attr-defined]
    }
    return Panel("sop/_phone_panel.html", context)
