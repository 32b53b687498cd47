"""The staff member's page of a due touch: what the customer will see, where it goes, and the word that it is sent."""

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.translation import gettext as _

from console.pages import render, toast
from content.policies.wording import render as fill
from groups.policies.pictures import LARGEST_MB
from sop.enums import GROUP_CHANNELS, INTERNAL_CHANNELS, MASS_CHANNELS, PULL_CHANNELS, Channel, TouchState
from sop.enums.proofs import Outcome
from sop.errors import PictureInvalid
from sop.forms import NoteForm
from sop.forms.proofs import PictureForm, outcomes_read
from sop.models import Touch
from sop.selectors.beside import runs_in_group
from sop.selectors.calendar import decorate, touch_list
from sop.selectors.preview_message import touch_parts
from sop.selectors.proofs import pictures_waiting
from sop.selectors.reassign import Match, matches
from sop.selectors.recipients import bundle_list, recipient_list
from sop.services.forwarding import forward_parts
from sop.services.proofs import BY_HAND, is_same_post, outcomes_note, proof_offer
from sop.services.reassign import touches_reassign
from sop.services.staff import touch_submit
from sop.services.talks import talk_leave
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
        people = self._people(first)
        context = {
            "touches": _posts(touches),
            "first": first,
            "waiting": waiting,
            "done": sum(1 for one in touches if one.state in (TouchState.SUBMITTED, TouchState.CONFIRMED)),
            "confirmed": sum(1 for one in touches if one.state == TouchState.CONFIRMED),
            "is_mass": first.channel in MASS_CHANNELS,
            "is_inside": first.channel in INTERNAL_CHANNELS,
            "is_group": first.channel in GROUP_CHANNELS,
            "is_forward": first.channel == Channel.GROUP_FORWARD,
            "people": people,
            "parts": touch_parts(first, own=people[0][1] if people else ""),
            "parts_url": self.url("sop_phone:forward_parts", pk=first.pk) if first.attachments else "",
            "until": max((one.window_ends_at for one in touches), default=None),
            "waiting_pictures": pictures_waiting(tenant=self.request.tenant, touches=touches),
            "by_hand": first.channel in BY_HAND,
            "outcomes": Outcome.choices,
            "picture_mb": LARGEST_MB,
            "colleagues": self._colleagues(first) if waiting else [],
        }
        return render(request, "sop/forward.html", context, partial="sop/forward.html")

    def _colleagues(self, touch: Touch) -> list[Match]:
        if touch.channel in MASS_CHANNELS:
            return []
        return [one for one in matches(tenant=self.request.tenant, touches=[touch]) if one.taken]

    def _people(self, touch: Touch) -> list[Any]:
        if touch.channel in GROUP_CHANNELS | MASS_CHANNELS | PULL_CHANNELS:
            return []
        rows = recipient_list(tenant=self.request.tenant, touch_id=touch.pk).exclude(state="blocked")[:200]
        return [(one, fill(touch.text, {"customer": one.customer.name or _("Hello")}, {})) for one in rows]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.touches(pk)
        form = NoteForm(request.POST)
        note = form.cleaned_data["note"] if form.is_valid() else ""
        touch = touch_submit(tenant=self.request.tenant, touch_id=pk, actor=self.request.actor, note=note)
        is_proven = touch.state == TouchState.CONFIRMED
        waits = _("Submitted. The archive, a reply, a screenshot or a colleague's look confirms it.")
        said = _("Confirmed.") if is_proven else waits
        toast(request, said)
        return HttpResponseRedirect(self.url("sop_phone:forward", pk=pk))


def _posts(touches: list[Touch]) -> list[Touch]:
    """Touches as a person carries them out: those of one post on Moments once, with the names of their groups."""
    if touches[0].channel not in PULL_CHANNELS:
        return touches
    shown: list[Touch] = []
    for touch in sorted(touches, key=lambda one: one.state != TouchState.HANDED):
        name = [str(touch.group)] if touch.group else []
        same = next((one for one in shown if is_same_post(one, touch)), None)
        if same is None:
            touch.places = name  # type: ignore[attr-defined]
            shown.append(touch)
        else:
            same.places += name  # type: ignore[attr-defined]
    return shown


class ProofUploadView(ForwardView):
    """POST: a screenshot of one touch."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.touches(pk)
        form = PictureForm(request.POST, request.FILES)
        if not form.is_valid():
            raise PictureInvalid(form.errors["picture"][0])
        proof_offer(
            tenant=self.request.tenant,
            touch_id=pk,
            content=form.cleaned_data["picture"].read(),
            actor=self.request.actor,
        )
        toast(request, _("Sent. A colleague looks at it; then it is confirmed."))
        return HttpResponseRedirect(self.url("sop_phone:forward", pk=pk))


class GiveView(ForwardView):
    """POST: one's own touch to a colleague."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.touches(pk)
        chosen = request.POST.get("staff", "")
        if not chosen.isdecimal() or len(chosen) > 18:
            raise Http404
        touches_reassign(
            tenant=self.request.tenant, touch_ids=[pk], staff_id=int(chosen),
            reason=request.POST.get("reason", "")[:200], actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("Given to your colleague."))
        return HttpResponseRedirect(self.url("team_phone:tasks"))


class LeaveView(ForwardView):
    """POST: a conversation is not needed, and why."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.touches(pk)
        talk_leave(
            tenant=self.request.tenant, touch_id=pk, reason=request.POST.get("reason", "")[:200],
            actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("Left out, with the reason."))
        return HttpResponseRedirect(self.url("team_phone:tasks"))


class OutcomesView(ForwardView):
    """POST: what came of calls or text messages, person by person."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self.touches(pk)
        people = recipient_list(tenant=self.request.tenant, touch_id=pk).exclude(state="blocked")
        told = outcomes_read(request.POST, list(people.values_list("pk", flat=True)))
        touch = outcomes_note(
            tenant=self.request.tenant, touch_id=pk, outcomes=told, actor=self.request.actor
        )
        is_done = touch.state == TouchState.CONFIRMED
        toast(request, _("Confirmed.") if is_done else _("Noted. The others wait still."))
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
