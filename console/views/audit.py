"""The audit trail: who did what, whether the chain holds, and the file that anyone can verify."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from console.audit_table import AuditFilter, AuditTable
from console.listing import ListPage
from console.pages import ConsoleView, go, render, toast
from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit_files import export_lines
from tenants.enums import Permission
from tenants.selectors import audit_chain, audit_list


def chain_context(request: Any) -> dict[str, Any]:
    """The state of the chain; it is being read while `?wait=` names the check that was the last one before."""
    waits = request.GET.get("wait", "")
    chain = audit_chain(tenant=request.tenant)
    is_running = waits.isdecimal() and (chain.check is None or chain.check.pk <= int(waits))
    return {"chain": chain, "is_running": is_running, "wait": waits}


class Audit(ListPage):
    """Who did what, when, to what, and what the last verification said."""

    permission = Permission.MANAGE
    template_name = "console/audit.html"
    table_class = AuditTable
    filterset_class = AuditFilter
    key = "console.audit"
    page_size: ClassVar[int] = 50
    count_most: ClassVar[int] = 10_000

    def queryset(self) -> QuerySet:
        return audit_list(tenant=self.request.tenant)

    def context(self) -> dict[str, Any]:
        words_alone = self.request.GET.get("q") and not self.request.GET.get("since")
        return chain_context(self.request) | {"is_looked_back": bool(words_alone)}


class AuditVerify(ConsoleView):
    """Read the whole chain now: the worker does it, the page shows the result."""

    permission = write_permission = Permission.MANAGE

    def get(self, request: HttpRequest) -> HttpResponse:
        """What is known by now: the page asks until the result is there."""
        return render(request, "console/_audit_chain.html", chain_context(request))

    def post(self, request: HttpRequest) -> HttpResponse:
        last = audit_chain(tenant=self.request.tenant).check
        who = self.request.actor.name
        enqueue("console.audit_check", tenant_id=self.request.tenant.pk, asked_by=who)
        toast(request, _("Every entry is being read and its place in the chain recalculated."))
        return go(request, f"{self.url('console:audit')}?wait={last.pk if last else 0}")


class AuditFile(ConsoleView):
    """The whole chain as a file, with its head."""

    permission = Permission.MANAGE

    def get(self, request: HttpRequest) -> Any:
        if not self.can(Permission.EXPORT):
            return self.forbidden(Permission.EXPORT)
        tenant = self.request.tenant
        audit.record(
            tenant=tenant, actor=self.request.actor, verb="console.list.exported",
            changes={"list": [None, "console.audit.chain"]},
        )  # fmt: skip
        day = clock.local_date(clock.now(), tenant.timezone)
        answer = StreamingHttpResponse(
            export_lines(tenant=tenant), content_type="application/jsonl; charset=utf-8"
        )
        answer.headers["Content-Disposition"] = (
            f'attachment; filename="audit-{tenant.slug}-{day:%Y%m%d}.jsonl"'
        )
        return answer
