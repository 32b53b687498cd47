"""Welcome, announcement and keyword replies: every version, what it changed, how WeChat shows it, and going back."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from console.pages import ConsoleView, TemplatePage, go, toast
from groups.enums import WordsKind
from groups.selectors import group_facts
from groups.selectors.wordings import wording_list, wording_standing
from groups.services.setup import wording_restore
from groups.views.detail import group_or_404
from tenants.enums import Permission


class WordingsPage(TemplatePage):
    """The versions of one text, newest first. `?v=` shows one of them as WeChat does."""

    template_name = "groups/wordings.html"
    partial_name = "groups/wordings.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        group = group_or_404(self.request, kwargs["pk"])
        kind = WordsKind(kwargs["kind"])
        versions = wording_list(group=group, kind=kind)
        asked = self.request.GET.get("v", "")
        chosen = next(
            (one for one in versions if str(one.row.number) == asked), versions[0] if versions else None
        )
        if asked and (chosen is None or str(chosen.row.number) != asked):
            raise Http404
        facts = group_facts(tenant=self.request.tenant, group=group)
        shown = {"welcome": group.welcome, "announcement": facts.announcement, "replies": group.replies}
        if chosen:
            shown[kind.value] = chosen.row.text
        return {
            "group": group, "facts": facts, "kind": kind, "kinds": WordsKind, "versions": versions, "chosen": chosen,
            "shown": shown, "wordings": wording_standing(group=group), "can_operate": self.can(Permission.OPERATE),
        }  # fmt: skip


class WordingRestore(ConsoleView):
    """POST: an earlier version stands again, as a new one."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, kind: str, number: int) -> HttpResponse:
        group_or_404(request, pk)
        wording_restore(
            tenant=self.request.tenant, group_id=pk, kind=kind, number=number, actor=self.request.actor
        )
        toast(
            request, _("Version %(n)s stands again, as a new version. Staff set it in WeCom.") % {"n": number}
        )
        return go(request, self.url("groups:wordings", pk=pk, kind=kind))
