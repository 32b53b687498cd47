"""What they need, over all leads; one need noted; the script that answers it."""

from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from console.filters import CHOICES_KEY, filter_bar, filter_choices
from console.pages import ConsoleView, drawer_done, render, toast
from contacts.selectors import orders_for
from content.selectors import script_search
from content.selectors.knowledge import cards_at_hand
from leads.enums import NOTED_KINDS, NeedKind
from leads.filters import LeadFilter
from leads.forms import NeedForm, TieForm
from leads.selectors.board import doubts_of, lead_get, lead_list
from leads.selectors.detail import follow_ups_of
from leads.selectors.needs import (
    answers_to,
    need_counts,
    need_words_known,
    needs_of,
    people_asked,
    scripts_tied,
)
from leads.selectors.scripts import scripts_at_hand, scripts_found
from leads.services import need_drop, need_note, need_tie
from leads.views.actions import ActionView
from tenants.enums import Permission

KIND_TABS = {
    "": pgettext_lazy("what they need", "Everything"),
    NeedKind.NEED.value: gettext_lazy("Needs"),
    NeedKind.PAIN.value: gettext_lazy("Pains"),
    NeedKind.SCENARIO.value: gettext_lazy("Scenarios"),
    NeedKind.OBJECTION.value: gettext_lazy("Doubts"),
    NeedKind.COMPETITOR.value: gettext_lazy("Others they look at"),
}
QUESTION_CHARS = 120
ORDERS_SHOWN = 5
PAGE = 50  # lines


class NeedsPage(ConsoleView):
    """Needs, pains, scenarios, doubts and competitors with how many people, answers and scripts; `?kind=pain` one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant = self.request.tenant
        everyone = lead_list(tenant_id=tenant.pk)
        made = LeadFilter(request.GET, queryset=everyone, request=request)
        if CHOICES_KEY in request.GET:
            return filter_choices(request, made.form)
        leads = made.qs if made.is_valid() else everyone.none()
        kind = request.GET.get("kind", "")
        kind = kind if kind in NeedKind.values else ""
        counts = need_counts(leads, tenant_id=tenant.pk, kind=kind)
        page = Paginator(counts, PAGE).get_page(request.GET.get("page"))
        scripts = scripts_tied(tenant_id=tenant.pk, needs=[one.key for one in page])
        answers = answers_to(
            tenant_id=tenant.pk, texts=[one.text for one in page if one.kind == NeedKind.OBJECTION]
        )
        noted, people = people_asked(leads)
        bar = filter_bar(made.form, request.GET)
        bar.hidden.extend([("kind", kind)] if kind else [])
        context = {
            "bar": bar,
            "kind": kind,
            "kind_tabs": KIND_TABS.items(),
            "page": page,
            "rows": [
                {
                    "need": one,
                    "script": scripts.get(one.key),
                    "answers": self._answers(one, answers),
                    "people_url": self._people(one),
                }
                for one in page
            ],
            "noted": noted,
            "people": people,
        }
        return render(request, "leads/needs.html", context)

    def _people(self, need: Any) -> str:
        """The leads behind a line, under the same filters."""
        query = self.request.GET.copy()
        for key in ("kind", "page"):
            query.pop(key, None)
        query["doubt" if need.kind == NeedKind.OBJECTION else need.kind] = need.text
        return f"{self.url('leads:list', tab='all')}?{query.urlencode()}"

    def _answers(self, need: Any, answers: dict[str, list[Any]]) -> list[Any]:
        return answers.get(need.text, [])[:3] if need.kind == NeedKind.OBJECTION else []


class TieDrawer(ConsoleView):
    """Choose the script that answers one need; `?q=` searches the library."""

    permission = Permission.WORK

    def get(self, request: HttpRequest) -> HttpResponse:
        form = TieForm(request.GET)
        if not form.is_valid():
            return HttpResponse(status=400)
        return self._show(request, form.cleaned_data)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = TieForm(request.POST)
        if not form.is_valid():
            return HttpResponse(status=400)
        data = form.cleaned_data
        need_tie(
            tenant=self.request.tenant, kind=data["kind"], text=data["text"], script_id=data["script"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("The script is tied.") if data["script"] else _("The tie is gone."))
        return drawer_done(request)

    def _show(self, request: HttpRequest, data: dict[str, Any]) -> HttpResponse:
        tenant_id = self.request.tenant.pk
        key = (data["kind"], data["text"])
        asked = data["q"].strip()
        context = {
            "kind": key[0],
            "kind_label": NeedKind(key[0]).label,
            "text": key[1],
            "asked": asked,
            "tied": scripts_tied(tenant_id=tenant_id, needs=[key]).get(key),
            "scripts": script_search(tenant_id=tenant_id, question=asked or key[1], limit=8),
        }
        return render(request, "leads/tie.html", context, partial="leads/tie.html")


class NeedView(ActionView):
    """GET: what is noted of a lead, the talks with the customer and the orders, the part alone; POST: note one need."""

    http_method_names = ["get", "post"]

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        tenant_id = self.request.tenant.pk
        try:
            lead = lead_get(tenant_id=tenant_id, lead_id=pk)
        except ObjectDoesNotExist as error:
            raise Http404 from error
        needs, doubts = needs_of(lead.pk), doubts_of([lead]).get(lead.pk, [])
        context = {
            "lead": lead,
            "needs": [
                (one, NeedKind(one).label, [row for row in needs if row.kind == one]) for one in NOTED_KINDS
            ],
            "cards": cards_at_hand(
                tenant_id=tenant_id, texts=[*(row.text for row in needs), *(row.text for row in doubts)]
            ),
            "known": need_words_known(tenant_id=tenant_id),
            "talks": follow_ups_of(lead.pk),
            "orders": orders_for(tenant_id=tenant_id, customer_ids=[lead.customer_id])[:ORDERS_SHOWN],
            "can_work": self.can(Permission.WORK),
        }
        return render(request, "leads/_known.html", context, partial="leads/_known.html")

    def act(self, pk: int) -> None:  # type: ignore[override]
        data = self.read(NeedForm)
        need = need_note(lead_id=pk, kind=data["kind"], text=data["text"], **self.who)
        said = {"kind": need.get_kind_display(), "text": need.text}
        toast(
            self.request,
            _("Noted: %(kind)s “%(text)s”.") % said,
            self.url("leads:need_drop", need_pk=need.pk),
        )


class NeedDrop(ActionView):
    """Take a need back."""

    def act(self, need_pk: int) -> None:  # type: ignore[override]
        need_drop(need_id=need_pk, **self.who)
        toast(self.request, _("Taken back."))


class LeadScripts(ConsoleView):
    """Scripts at hand for this lead; with `?q=` the library's answers to a question. The part alone."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        tenant = self.request.tenant
        try:
            lead = lead_get(tenant_id=tenant.pk, lead_id=pk)
        except ObjectDoesNotExist as error:
            raise Http404 from error
        question = request.GET.get("q", "").strip()[:QUESTION_CHARS]
        who: dict[str, Any] = {"tenant": tenant, "lead": lead, "speaker": self.request.actor.name}
        if question:
            found = scripts_found(**who, question=question)
        else:
            found = scripts_at_hand(**who, doubts=doubts_of([lead]).get(lead.pk, []), needs=needs_of(lead.pk))
        context = {"scripts": found, "question": question}
        return render(request, "leads/_scripts_found.html", context, partial="leads/_scripts_found.html")
