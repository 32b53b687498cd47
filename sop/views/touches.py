"""Every touch, with its state, reason and rule; and what a person may decide about one."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from console.listing import BulkAction, ListPage
from console.pages import ConsoleView, TemplatePage, drawer_done, go, toast
from sop.enums import PAST_CAPS
from sop.filters import TouchFilter
from sop.forms import NoteForm, ReasonForm, RetimeForm
from sop.models import Touch
from sop.selectors.calendar import decorate, touch_list, touches_nearest_first
from sop.selectors.preview_message import touch_parts
from sop.selectors.proofs import proofs_of
from sop.selectors.recipients import recipient_list
from sop.selectors.reminders import reminders_of, with_reminders
from sop.selectors.step_material import wording_name
from sop.services.past_caps import is_held_by_cap, past_caps_asked, touch_ask_past_caps, touch_let_past_caps
from sop.services.reminders import touches_remind
from sop.services.staff import touch_restore, touch_retime, touch_review, touch_skip, touch_submit
from sop.tables import TouchTable
from tenants import clock
from tenants.enums import Permission

PICKED_MOST = 1000


class TouchesPage(ListPage):
    """The touch ledger over all runs."""

    table_class = TouchTable
    filterset_class = TouchFilter
    template_name = "sop/touches.html"
    key = "sop.touches"
    title = gettext_lazy("Touches")
    purpose = gettext_lazy(
        "Each planned message ends in one state with its reason. Latest first, then what is still to come."
    )

    def queryset(self) -> Any:
        return with_reminders(touches_nearest_first(tenant=self.request.tenant))

    def bulk(self) -> list[BulkAction]:
        if not self.can(Permission.OPERATE):
            return []
        return [
            BulkAction(pgettext("verb", "Remind"), self.url("sop:touches_remind")),
            BulkAction(_("Give to a colleague"), self.url("sop:reassign")),
        ]

    def table_kwargs(self) -> dict[str, Any]:
        return {"tenant_slug": self.request.tenant.slug}


def picked(request: Any) -> list[int]:
    """Touches picked in the list, or all of the present filters."""
    if request.POST.get("every"):
        rows = TouchFilter(request.GET, queryset=touch_list(tenant=request.tenant), request=request).qs
        return list(rows.order_by().values_list("pk", flat=True)[:PICKED_MOST])
    told = [*request.POST.getlist("pick"), *request.POST.get("picked", "").split(",")]
    return [int(one) for one in told if one.isdecimal() and len(one) < 19][:PICKED_MOST]


class TouchesRemindView(ConsoleView):
    """POST: remind of the picked touches, one message a person."""

    write_permission = Permission.OPERATE

    def post(self, request: HttpRequest) -> HttpResponse:
        count = touches_remind(
            tenant=self.request.tenant, touch_ids=picked(self.request), actor=self.request.actor
        )
        said = ngettext("Reminded of %(n)s touch.", "Reminded of %(n)s touches.", count) % {"n": count}
        toast(request, said)
        return go(request, self.url("sop:touches") + "?state=handed")


def found_touch(request: Any, pk: int) -> Touch:
    try:
        return touch_list(tenant=request.tenant).get(pk=pk)
    except Touch.DoesNotExist as error:
        raise Http404 from error


class TouchDrawer(TemplatePage):
    """A drawer: one touch, its words, its people, and the verbs that are open."""

    template_name = "sop/touch_drawer.html"
    partial_name = template_name
    http_method_names = ["get", "head", "options"]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        touch = decorate(found_touch(self.request, kwargs["pk"]), clock.now())
        people = recipient_list(tenant=self.request.tenant, touch_id=touch.pk)
        return {
            "touch": touch,
            "people": people[:50],
            "people_count": people.count(),
            "parts": touch_parts(touch),
            "wording": wording_name(touch.material, touch.wording) if touch.material else "",
            "reminded": reminders_of(tenant=self.request.tenant, touch=touch),
            "proofs": proofs_of(tenant=self.request.tenant, touch_id=touch.pk),
            "can_operate": self.can(Permission.OPERATE),
            "can_approve": self.can(Permission.APPROVE),
            "is_held": is_held_by_cap(touch),
            "asked": past_caps_asked(tenant=self.request.tenant, touch_id=touch.pk),
            "past_caps": touch.evidence.get(PAST_CAPS),
            "why": ReasonForm(auto_id="id_past_%s"),
            "retime": RetimeForm(initial={"due_at": touch.due_at}),
            "skip": ReasonForm(),
            "note": NoteForm(),
        }


class TouchVerbView(TouchDrawer):
    """POST: submit, review, skip, restore or retime one touch; let it past the caps, or ask for that (R128)."""

    write_permission = Permission.WORK
    http_method_names = ["get", "head", "options", "post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        found_touch(request, kwargs["pk"])
        verbs = {
            "submit": self._submit, "review": self._review, "skip": self._skip, "restore": self._restore,
            "retime": self._retime, "remind": self._remind, "past-caps": self._past_caps,
        }  # fmt: skip
        if kwargs["verb"] not in verbs:
            raise Http404
        if not verbs[kwargs["verb"]](kwargs["pk"]):
            return self.get(request, **kwargs)
        return drawer_done(request)

    def _common(self, pk: int) -> dict[str, Any]:
        return {"tenant": self.request.tenant, "touch_id": pk, "actor": self.request.actor}

    def _submit(self, pk: int) -> bool:
        form = NoteForm(self.request.POST)
        if form.is_valid():
            touch_submit(**self._common(pk), note=form.cleaned_data["note"])
            toast(self.request, _("Recorded as sent."))
        return form.is_valid()

    def _review(self, pk: int) -> bool:
        form = NoteForm(self.request.POST)
        if form.is_valid():
            touch_review(**self._common(pk), note=form.cleaned_data["note"])
            toast(self.request, _("Confirmed."))
        return form.is_valid()

    def _skip(self, pk: int) -> bool:
        form = ReasonForm(self.request.POST)
        if form.is_valid():
            touch_skip(**self._common(pk), reason=form.cleaned_data["reason"])
            toast(self.request, _("Left out."), self.url("sop:touch_verb", pk=pk, verb="restore"))
        return form.is_valid()

    def _past_caps(self, pk: int) -> bool:
        form, leads = ReasonForm(self.request.POST), self.can(Permission.APPROVE)
        if form.is_valid():
            act = touch_let_past_caps if leads else touch_ask_past_caps
            act(**self._common(pk), reason=form.cleaned_data["reason"])
            toast(self.request, _("It goes out at once.") if leads else _("Asked: a team lead decides."))
        return form.is_valid()

    def _remind(self, pk: int) -> bool:
        common = {"tenant": self.request.tenant, "actor": self.request.actor}
        touches_remind(**common, touch_ids=[pk])
        toast(self.request, _("Reminded in WeCom."))
        return True

    def _restore(self, pk: int) -> bool:
        touch_restore(**self._common(pk))
        toast(self.request, _("Planned again."))
        return True

    def _retime(self, pk: int) -> bool:
        form = RetimeForm(self.request.POST)
        if form.is_valid():
            touch_retime(**self._common(pk), due_at=form.cleaned_data["due_at"])
            toast(self.request, _("Moved."))
        return form.is_valid()
