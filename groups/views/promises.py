"""Promises of delivery groups: the tab of one group, its drawers, and the overview of all (R17)."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, render, toast
from groups.enums import LIVE_STATES, PROMISE_GAP, SubKind
from groups.filters import PromiseFilter
from groups.forms import ReasonForm
from groups.forms.promises import KeepForm, PromiseForm
from groups.models import Group, Promise
from groups.policies.promises import DUE_TIME
from groups.selectors import group_get
from groups.selectors.promise_lines import lines_to_take_over
from groups.selectors.promises import (
    delivery_groups,
    ledgers_of,
    promise_get,
    promise_list,
)
from groups.selectors.today import looks_after
from groups.services.promises import (
    PromiseDraft,
    promise_add,
    promise_break,
    promise_edit,
    promise_keep,
    promise_reopen,
    promise_withdraw,
)
from groups.services.promises_gate import TakenOver, promises_from_gate
from groups.tables.promises import PromiseTable
from groups.views.detail import group_or_404
from team.errors import SignInRefused
from team.phone import PhoneView
from tenants import clock, preferences
from tenants.enums import Permission
from tenants.roles import allows

ROWS_A_PAGE = 50


def promises_context(request: Any, group: Group) -> dict[str, Any]:
    """What the tab shows: the ledger in figures, every promise, and the lines that are not in it yet."""
    now, tenant = clock.now(), request.tenant
    rows = promise_list(tenant_id=tenant.pk, group_id=group.pk)
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    ledger = ledgers_of(tenant_id=tenant.pk, group_ids=[group.pk], now=now)[group.pk]
    limit = preferences.value(tenant.pk, PROMISE_GAP)
    return {
        "page": page, "paginator": page.paginator, "page_field": "page", "ledger": ledger, "now": now,
        "tone": ledger.tone(limit), "gap_limit": limit,
        "lines_left": lines_to_take_over(tenant_id=tenant.pk, group_id=group.pk),
        "can_operate": allows(request.role, Permission.OPERATE), "can_work": allows(request.role, Permission.WORK),
        "is_learning": group.sub_kind == SubKind.LEARNING,
    }  # fmt: skip


class PromiseListPage(ListPage):
    """All delivery groups, the widest gap first."""

    template_name = "groups/promises.html"
    table_class = PromiseTable
    filterset_class = PromiseFilter
    key = "groups.promises"
    title = gettext_lazy("Promises")
    purpose = gettext_lazy("What delivery groups were promised, what was delivered, and what falls due next.")

    def queryset(self) -> QuerySet[Group]:
        return delivery_groups(tenant_id=self.request.tenant.pk, now=clock.now())

    def table_kwargs(self) -> dict[str, Any]:
        tenant = self.request.tenant
        return {"tenant": tenant, "limit_percent": preferences.value(tenant.pk, PROMISE_GAP)}

    def context(self) -> dict[str, Any]:
        tenant = self.request.tenant
        return {
            "gap_limit": preferences.value(tenant.pk, PROMISE_GAP),
            "has_groups": self.queryset().exists(),
        }


class PromiseNew(FormPage):
    """A drawer: one more promise to a group."""

    template_name = "groups/promise_form.html"
    form_class = PromiseForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": group_or_404(self.request, kwargs["pk"]), "here": self.request.path}

    def done(self, form: PromiseForm, **kwargs: Any) -> HttpResponse:
        promise_add(
            tenant=self.request.tenant,
            group_id=group_or_404(self.request, kwargs["pk"]).pk,
            draft=self.draft(form),
            actor=self.request.actor,
        )
        toast(self.request, _("The promise stands in the ledger"))
        return drawer_done(self.request)

    def draft(self, form: PromiseForm) -> PromiseDraft:
        told = form.cleaned_data
        due_at = clock.at_local(told["day"], told["at"], self.request.tenant.timezone)
        return PromiseDraft(text=told["text"], due_at=due_at, beneficiary_count=told["beneficiary_count"])


class PromiseEdit(PromiseNew):
    """A drawer: change an open promise."""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        promise = promise_get(tenant_id=self.request.tenant.pk, promise_id=kwargs["pk"])
        due = clock.local(promise.due_at, self.request.tenant.timezone)
        at = due.time().replace(second=0, microsecond=0)
        return {
            "text": promise.text, "day": due.date(), "at": None if at == DUE_TIME else at,
            "beneficiary_count": promise.beneficiary_count,
        }  # fmt: skip

    def context(self, **kwargs: Any) -> dict[str, Any]:
        promise = promise_get(tenant_id=self.request.tenant.pk, promise_id=kwargs["pk"])
        return {"group": promise.group, "promise": promise, "here": self.request.path}

    def done(self, form: PromiseForm, **kwargs: Any) -> HttpResponse:
        promise_edit(
            tenant=self.request.tenant, promise_id=kwargs["pk"], draft=self.draft(form), actor=self.request.actor
        )  # fmt: skip
        toast(self.request, _("The promise is changed; the record keeps what stood there"))
        return drawer_done(self.request)


class PromiseKeep(FormPage):
    """A drawer: what shows that a promise was kept."""

    template_name = "groups/promise_close.html"
    form_class = KeepForm
    permission = write_permission = Permission.WORK

    def context(self, **kwargs: Any) -> dict[str, Any]:
        promise = promise_get(tenant_id=self.request.tenant.pk, promise_id=kwargs["pk"])
        return {"promise": promise, "verb": "keep", "here": self.request.path}

    def done(self, form: KeepForm, **kwargs: Any) -> HttpResponse:
        promise_keep(
            tenant=self.request.tenant, promise_id=kwargs["pk"], actor=self.request.actor, **form.cleaned_data
        )
        toast(self.request, _("Kept, with its evidence"))
        return drawer_done(self.request)


class PromiseEnd(FormPage):
    """A drawer: break or withdraw a promise, with the reason."""

    template_name = "groups/promise_close.html"
    form_class = ReasonForm
    permission = write_permission = Permission.OPERATE

    def context(self, **kwargs: Any) -> dict[str, Any]:
        promise = promise_get(tenant_id=self.request.tenant.pk, promise_id=kwargs["pk"])
        return {"promise": promise, "verb": kwargs["verb"], "here": self.request.path}

    def done(self, form: ReasonForm, **kwargs: Any) -> HttpResponse:
        act = {"break": promise_break, "withdraw": promise_withdraw}[kwargs["verb"]]
        act(
            tenant=self.request.tenant,
            promise_id=kwargs["pk"],
            reason=form.cleaned_data["reason"],
            actor=self.request.actor,
        )
        toast(self.request, _("Recorded, with your reason"))
        return drawer_done(self.request)


class PromiseReopen(ConsoleView):
    """Open a closed promise again."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        promise = promise_reopen(tenant=self.request.tenant, promise_id=pk, actor=self.request.actor)
        toast(request, _("The promise is open again"))
        return go(request, f"{self.url('groups:detail', pk=promise.group_id)}?tab=promises")


class PromisesTakeOver(ConsoleView):
    """One press: every line of the answer to "What we deliver" becomes a promise, and one reworded says so there."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        made = promises_from_gate(tenant=self.request.tenant, group_id=group.pk, actor=self.request.actor)
        toast(request, " ".join(_taken_over(made)) or _("Every line stands in the ledger already."))
        return go(request, f"{self.url('groups:detail', pk=pk)}?tab=promises")


def _taken_over(made: TakenOver) -> list[str]:
    added = ngettext(
        "%(n)s promise taken over; check when it falls due",
        "%(n)s promises taken over; check when they fall due",
        made.added,
    )
    reworded = ngettext(
        "%(n)s promise now says what its line says.",
        "%(n)s promises now say what their lines say.",
        made.reworded,
    )
    said = ((made.added, added), (made.reworded, reworded))
    return [words % {"n": count} for count, words in said if count]


class PromisePhonePage(PhoneView):
    """One promise on the phone: what was promised, and the evidence that it was kept."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._show(self._promise(pk), KeepForm())

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        promise, form = self._promise(pk), KeepForm(request.POST)
        if not form.is_valid():
            return self._show(promise, form, 422)
        promise_keep(
            tenant=self.request.tenant, promise_id=promise.pk, actor=self.request.actor, **form.cleaned_data
        )
        toast(request, _("Kept, with its evidence"))
        return go(request, self.url("team_phone:tasks"))

    def _promise(self, pk: int) -> Promise:
        """The promise of a group that this person looks after. Raises Http404, SignInRefused."""
        tenant, staff = self.request.tenant, self.request.staff
        try:
            promise = promise_get(tenant_id=tenant.pk, promise_id=pk)
        except Promise.DoesNotExist as error:
            raise Http404 from error
        runs_all = Permission.OPERATE in self.request.actor.permissions
        group = group_get(tenant_id=tenant.pk, group_id=promise.group_id)
        if not runs_all and not looks_after(group=group, staff_id=staff.pk, userid=staff.userid):
            raise SignInRefused("not_in_group")
        return promise

    def _show(self, promise: Promise, form: KeepForm, status: int = 200) -> HttpResponse:
        context = {"promise": promise, "group": promise.group, "form": form, "now": clock.now()}
        context["is_live"] = promise.group.state in LIVE_STATES
        name = "groups/phone_promise.html"
        return render(self.request, name, context, partial=name, status=status)
