"""Scripts in the console: what staff find when a customer asks, and what they looked for in vain."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.listing import ListPage
from console.pages import ConsoleView, FormPage, drawer_done, go, toast
from content.enums import ScriptKind
from content.filters import ScriptFilter
from content.forms import ScriptForm
from content.models import Script
from content.policies.search import question_key
from content.selectors import miss_list, miss_words, script_get, script_list
from content.selectors.faq import ask_figures, hits_of, open_questions
from content.services import miss_drop, script_archive, script_save
from content.services.asks import asks_settle
from content.tables import ScriptTable
from tenants import clock
from tenants.enums import Permission

MISSES_SHOWN = 12
ASK_DAYS = 30


class ScriptListPage(ListPage):
    """Questions and their agreed answers, the most sent first."""

    template_name = "content/scripts.html"
    table_class = ScriptTable
    filterset_class = ScriptFilter
    key = "content.scripts"
    title = gettext_lazy("Scripts")
    purpose = gettext_lazy(
        "Agreed answers to what customers ask. Staff find them in WeCom's sidebar and send them with one tap."
    )

    def queryset(self) -> QuerySet[Script]:
        return script_list(tenant_id=self.request.tenant.pk)

    def table_kwargs(self) -> dict[str, Any]:
        return {
            "tenant_slug": self.request.tenant.slug,
            "can_write": self.can(Permission.OPERATE),
            "hits": lambda ids: hits_of(tenant_id=self.request.tenant.pk, script_ids=ids, since=self._since),
        }

    @property
    def _since(self) -> datetime:
        return clock.now() - timedelta(days=ASK_DAYS)

    def context(self) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        return {
            "total": self.queryset().count(),
            "misses": list(miss_list(tenant_id=tenant_id)[:MISSES_SHOWN]),
            "miss_count": miss_list(tenant_id=tenant_id).count(),
            "figures": ask_figures(tenant_id=tenant_id, since=self._since),
            "open": open_questions(tenant_id=tenant_id, since=self._since, limit=MISSES_SHOWN),
            "days": ASK_DAYS,
        }


class ScriptPage(FormPage):
    """The drawer of one script; without an id, of a new one: `?miss=` names the question it answers."""

    template_name = "content/script_form.html"
    form_class = ScriptForm
    write_permission = Permission.OPERATE

    def _script(self, pk: int | None) -> Script | None:
        if pk is None:
            return None
        try:
            return script_get(tenant_id=self.request.tenant.pk, script_id=pk)
        except Script.DoesNotExist as error:
            raise Http404 from error

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        row = self._script(kwargs.get("pk"))
        if row is not None:
            return {"title": row.title, "keywords": row.keywords, "kind": row.kind, "text": row.text}
        if words := self.request.GET.get("words", "").strip()[:120]:
            return {"title": words, "asked": words, "kind": ScriptKind.PRODUCT}
        miss = self.request.GET.get("miss", "")
        miss_id = int(miss) if miss.isdecimal() and len(miss) < 19 else None
        words = miss_words(tenant_id=self.request.tenant.pk, miss_id=miss_id) if miss_id else ""
        return {"title": words, "miss": miss_id, "kind": ScriptKind.PRODUCT}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"script": self._script(kwargs.get("pk"))}

    def done(self, form: ScriptForm, **kwargs: Any) -> HttpResponse:
        data = form.cleaned_data
        row = script_save(
            tenant=self.request.tenant,
            script_id=kwargs.get("pk"),
            title=data["title"],
            keywords=data["keywords"],
            text=data["text"],
            kind=data["kind"],
            miss_id=data["miss"],
            actor=self.request.actor,
        )
        if data["asked"]:
            asks_settle(tenant=self.request.tenant, key=question_key(data["asked"]), actor=self.request.actor)
        toast(self.request, _("Saved: %(name)s") % {"name": row})
        return drawer_done(self.request)


class ScriptVerbView(ConsoleView):
    """Out of use, or back into it."""

    write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        row = script_archive(
            tenant=self.request.tenant,
            script_id=pk,
            is_archived=verb == "archive",
            actor=self.request.actor,
        )
        undo = self.url("content:script_verb", pk=pk, verb="restore" if verb == "archive" else "archive")
        said = _("Archived: %(name)s") if verb == "archive" else _("In use again: %(name)s")
        toast(request, said % {"name": row}, undo)
        return go(request, self.url("content:scripts"))


class MissDropView(ConsoleView):
    """An open question that needs no script."""

    write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        miss_drop(tenant=self.request.tenant, miss_id=pk, actor=self.request.actor)
        return go(request, self.url("content:scripts"))


class AskSettleView(ConsoleView):
    """A question that was searched for and needs no script."""

    write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        asks_settle(
            tenant=self.request.tenant, key=request.POST.get("key", "")[:120], actor=self.request.actor
        )
        return go(request, self.url("content:scripts"))
