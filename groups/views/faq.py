"""The FAQ of one group (R23): search at reply time, what was used here, what found no answer, and the hand-over."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from console.exports import csv_response
from console.pages import ConsoleView, toast
from content.enums import ScriptKind
from content.policies.wording import render as fill
from content.selectors import script_search
from content.selectors.faq import ask_figures, faq_scripts, group_hits, open_keys, open_questions
from content.services import script_used
from content.services.asks import ask_answered, ask_record
from groups.models import Group
from groups.views.detail import group_or_404
from tenants import audit, clock
from tenants.enums import Permission

DAYS = 90
FOUND = 8
QUESTION_CHARS = 120


def _since() -> datetime:
    return clock.now() - timedelta(days=DAYS)


def faq_context(request: Any, group: Group) -> dict[str, Any]:
    """What `groups/_faq.html` shows; a search is counted for the group."""
    tenant = request.tenant
    question = request.GET.get("q", "").strip()[:QUESTION_CHARS]
    kind = request.GET.get("kind", "")
    kind = kind if kind in ScriptKind.values else ""
    found = (
        script_search(tenant_id=tenant.pk, question=question, kind=kind, limit=FOUND)
        if question or kind
        else []
    )
    if question:
        ask_record(tenant=tenant, words=question, found=len(found), actor=request.actor, group_id=group.pk)
    values = {"group": str(group), "brand": tenant.brand or tenant.name}
    common = {"tenant_id": tenant.pk, "group_id": group.pk, "since": _since()}
    return {
        "question": question,
        "kind": kind,
        "kinds": ScriptKind.choices,
        "found": [{"script": one, "text": fill(one.text, values, {})} for one in found],
        "figures": ask_figures(**common),
        "hits": group_hits(**common),
        "open": open_questions(**common),
        "days": DAYS,
    }


def faq_open(group: Group) -> QuerySet:
    """What the tab counts: questions of the group without an answer."""
    return open_keys(tenant_id=group.tenant_id, group_id=group.pk, since=_since())


class FaqTaken(ConsoleView):
    """POST: an answer was copied to be sent; the search that found it is answered."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, script_pk: int) -> HttpResponse:
        group = group_or_404(request, pk)
        script_used(tenant=self.request.tenant, script_id=script_pk)
        ask_answered(
            tenant=self.request.tenant, script_id=script_pk, actor=self.request.actor, group_id=group.pk
        )
        toast(request, _("Copied, and counted as the answer"))
        return HttpResponse(status=204)


class FaqHandOver(ConsoleView):
    """The group's FAQ as a file for whoever takes the group over."""

    permission = Permission.EXPORT

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        group = group_or_404(request, pk)
        tenant = self.request.tenant
        common = {"tenant_id": tenant.pk, "group_id": group.pk, "since": _since()}
        times = {hit.script.pk: hit.times for hit in group_hits(**common)}
        rows: list[list[Any]] = [[_("Type"), _("Question"), _("Answer"), _("Used in this group"), _("Sent")]]
        rows += [
            [one.get_kind_display(), one.title, one.text, times.get(one.pk, 0), one.uses]
            for one in faq_scripts(tenant_id=tenant.pk)
        ]
        rows += [
            [_("No answer yet"), asked.words, "", asked.times, ""]
            for asked in open_questions(**common, limit=200)
        ]
        with transaction.atomic():
            audit.record(
                tenant=tenant, actor=self.request.actor, verb="groups.faq.exported", target=group,
                changes={"rows": [None, len(rows) - 1]},
            )  # fmt: skip
        return csv_response(rows, f"faq-{group.pk}.csv")
