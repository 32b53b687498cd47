"""What the frame of a page asks for: search, the bell, saved views."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from console import nav, services
from console.enums import SEARCH_HITS_MAX
from console.forms import ViewForm
from console.pages import ConsoleView, drawer_done, render, toast
from tenants.enums import Permission

SEARCH_TEXT_MAX = 64


@dataclass(frozen=True)
class HitGroup:
    kind: Any
    hits: list[nav.Hit]


class Search(ConsoleView):
    """The hits under the search box, in the groups their providers name."""

    def get(self, request: HttpRequest) -> HttpResponse:
        text = request.GET.get("q", "").strip()[:SEARCH_TEXT_MAX]
        groups = self._groups(text) if text else []
        return render(request, "console/search.html", {"text": text, "groups": groups})

    def _groups(self, text: str) -> list[HitGroup]:
        found: dict[str, list[nav.Hit]] = {}
        for search in nav.searches():
            for hit in search(self.request.tenant, text):
                same = found.setdefault(str(hit.kind), [])
                if len(same) < SEARCH_HITS_MAX:
                    same.append(hit)
        return [HitGroup(kind, hits) for kind, hits in found.items()]


class Bell(ConsoleView):
    """The lines under the bell, asked for when it is opened."""

    def get(self, request: HttpRequest) -> HttpResponse:
        notices = [line for source in nav.bells() for line in source.lines(request)]
        return render(request, "console/bell.html", {"notices": notices})


class ViewSave(ConsoleView):
    """The drawer that gives the present filters a name."""

    write_permission = Permission.VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        shown = request.htmx.current_url_abs_path or ""  # type: ignore[attr-defined]
        path, _mark, query = shown.partition("?")
        form = ViewForm(initial={"page": request.GET.get("page", ""), "query": query, "path": path})
        return self._show(form)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ViewForm(request.POST)
        if not form.is_valid():
            return self._show(form, 422)
        data = form.cleaned_data
        view = services.view_save(
            tenant=self.request.tenant, user=self.request.user, page=data["page"], name=data["name"],
            query=data["query"], is_shared=data["is_shared"], actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("View “%(name)s” is saved") % {"name": view.name})
        target = f"{self._own_path(data['path'])}?{view.query}&view={view.pk}"
        return HttpResponse(status=204, headers={"HX-Redirect": target})

    def _own_path(self, path: str) -> str:
        """The list the view belongs to; anything but a page of this console is refused."""
        prefix = f"/t/{self.request.tenant.slug}/"
        try:
            resolve(path)
        except Resolver404 as error:
            raise Http404 from error
        if not path.startswith(prefix):
            raise Http404
        return path

    def _show(self, form: ViewForm, status: int = 200) -> HttpResponse:
        return render(self.request, "console/view_form.html", {"form": form}, status=status)


class ViewDelete(ConsoleView):
    """Forget one's own view."""

    write_permission = Permission.VIEW

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        services.view_delete(
            tenant=self.request.tenant, user=self.request.user, view_id=pk, actor=self.request.actor
        )
        if request.htmx:  # type: ignore[attr-defined]
            return drawer_done(request)
        return HttpResponseRedirect(self.url("console:profile"))
