"""Posters of codes: set, seen and taken away as a picture."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from console.pages import ConsoleView, render
from contacts.selectors.channels import way_get
from groups.forms.codes import PosterForm
from groups.policies.poster import SIZES, poster
from groups.selectors.codes import join_way_get, rooms_of
from tenants.enums import Permission


class _Poster(ConsoleView, ABC):
    """The page where a poster is set, and with `?file=` the poster itself.

    `back` is the code's own page, `foot` the line under the picture until a person writes another.
    """

    write_permission = Permission.OPERATE
    back: ClassVar[str]
    foot: ClassVar[str | Promise]

    @abstractmethod
    def code(self, pk: int) -> Any:
        """The code that the poster carries; raises what its page answers with "not found"."""

    def promise(self, code: Any) -> str:
        """The line below the title until a person writes another."""
        return ""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        code = self.code(pk)
        form = PosterForm(request.GET)
        given = form.cleaned_data if form.is_valid() else {}
        words = {
            "size": given.get("size") or "phone",
            "title": request.GET.get("title", code.name)[:40],
            "subtitle": request.GET.get("subtitle", self.promise(code))[:80],
            "foot": request.GET.get("foot", str(self.foot))[:40],
        }
        if not code.qr_picture and request.GET.get("file"):
            raise Http404
        if request.GET.get("file"):
            made = poster(**words, brand=self.request.tenant.brand, picture=code.qr_picture)
            response = HttpResponse(made, content_type="image/svg+xml; charset=utf-8")
            if request.GET["file"] == "take":
                name = f"{code.state}-{words['size']}.svg"
                response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
        query = urlencode(words)
        size = SIZES[words["size"]]
        context = {
            "code": code,
            "form": PosterForm(initial=words),
            "back_url": self.url(self.back, pk=pk),
            "svg_url": f"{request.path}?{query}&file=show",
            "take_url": f"{request.path}?{query}&file=take",
            "size": words["size"],
            "pixels": (size.width * 2, size.height * 2)
            if words["size"] == "a4"
            else (size.width, size.height),
            "file_name": f"{code.state}-{words['size']}.png",
        }
        return render(request, "groups/poster.html", context)


class JoinWayPoster(_Poster):
    """Of a group code."""

    back = "groups:code"
    foot = _("Scan in WeChat to join the group")

    def code(self, pk: int) -> Any:
        return join_way_get(tenant_id=self.request.tenant.pk, way_id=pk)

    def promise(self, code: Any) -> str:
        """What the group that fills first promises (R5)."""
        rooms = rooms_of(tenant_id=self.request.tenant.pk, way_ids=[code.pk])[code.pk]
        return next((one.group.value_proposition for one in rooms if one.group), "")


class WayPoster(_Poster):
    """Of a code for new friends."""

    back = "groups:way"
    foot = _("Scan in WeChat to add us")

    def code(self, pk: int) -> Any:
        return way_get(tenant_id=self.request.tenant.pk, way_id=pk)
