"""Settings, Welcome: what new friends read first, and how fast it reached them."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from console.pages import ConsoleView, FormPage, drawer_done, render, toast
from tenants.enums import Permission
from wecom import selectors, services
from wecom.errors import NotConnected
from wecom.forms import PartForm, WelcomeForm
from wecom.keeping import assets
from wecom.keeping.kept_rules import WELCOME_PARTS
from wecom.models import App, MediaAsset
from wecom.welcomes import greetings, welcome_figures

PART_LABELS = {
    "image": gettext_lazy("Picture"),
    "link": gettext_lazy("Link"),
    "miniprogram": gettext_lazy("Mini-program"),
    "video": gettext_lazy("Video"),
    "file": gettext_lazy("File"),
}
PART_ICONS = {"image": "photo", "link": "link", "miniprogram": "app-window", "video": "video", "file": "file"}


def sample_names() -> dict[str, str]:
    """Who stands in a preview."""
    return {"customer": _("Ann"), "staff": _("Teacher Lin")}


def variable_names() -> list[str]:
    """The variables as the reader's language writes them."""
    number = 1 if (get_language() or "").startswith("zh") else 0
    return [greetings.CUSTOMER[number], greetings.STAFF[number]]


def part_rows(*, tenant_id: int, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parts as a page lists them. One query."""
    known = assets.assets_by_id(tenant_id=tenant_id, asset_ids=assets.asset_ids_in(parts))
    rows = []
    for number, part in enumerate(parts):
        asset = known.get(part.get("asset_id") or 0)
        rows.append(
            {
                "number": number,
                "kind": part["kind"],
                "label": PART_LABELS[part["kind"]],
                "icon": PART_ICONS[part["kind"]],
                "name": part.get("title") or (asset.name if asset else "–"),
                "detail": part.get("url") or part.get("page") or "",
                "size_bytes": asset.size_bytes if asset else None,
            }
        )
    return rows


def preview(view: ConsoleView, text: str, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages as the customer sees them, for console/_message.html."""
    said = greetings.rendered(text, **sample_names())
    shown: list[dict[str, Any]] = [{"kind": "text", "text": said}] if said else []
    for row, part in zip(part_rows(tenant_id=view.request.tenant.pk, parts=parts), parts, strict=True):
        if part["kind"] == "image":
            shown.append(
                {"kind": "image", "title": row["name"], "url": view.url("wecom:asset", pk=part["asset_id"])}
            )
        elif part["kind"] == "miniprogram":
            shown.append({"kind": "mini", "title": part["title"], "detail": _("Mini-program")})
        else:
            detail = part.get("desc") or part.get("url") or row["label"]
            shown.append({"kind": "link", "title": row["name"], "detail": detail})
    return shown


class Composed(ConsoleView):
    """Welcomes are written by those who run groups."""

    permission = write_permission = Permission.OPERATE

    def app(self) -> App:
        """Raises NotConnected."""
        found = selectors.app_current(tenant_id=self.request.tenant.pk)
        if found is None:
            raise NotConnected
        return found


class WelcomePage(Composed, FormPage):
    """The app's own welcome with its preview, and the last seven days."""

    template_name = "wecom/welcome.html"
    form_class = WelcomeForm

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if selectors.app_current(tenant_id=self.request.tenant.pk) is None:
            return render(request, self.template_name, {"app": None, "sheet": "css/wecom.css"})
        return super().get(request, **kwargs)

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"text": self.app().greeting}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        app, tenant_id = self.app(), self.request.tenant.pk
        return {
            "app": app,
            "rows": [
                {**row, "remove_url": self.url("wecom:welcome_part_remove", number=row["number"])}
                for row in part_rows(tenant_id=tenant_id, parts=app.greeting_parts)
            ],
            "may_add": len(app.greeting_parts) < WELCOME_PARTS,
            "kinds": [(key, label, PART_ICONS[key]) for key, label in PART_LABELS.items()],
            "variables": variable_names(),
            "parts": preview(self, app.greeting, app.greeting_parts),
            "sender": sample_names()["staff"],
            "figures": welcome_figures.welcome_figures(tenant_id=tenant_id),
            "misses": welcome_figures.misses_recent(tenant_id=tenant_id),
            "can_manage": self.can(Permission.MANAGE),
            "sheet": "css/wecom.css",
        }

    def done(self, form: WelcomeForm, **kwargs: Any) -> HttpResponse:
        services.app_set_greeting(
            tenant=self.request.tenant, app_id=self.app().pk, greeting=form.cleaned_data["text"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("New friends are greeted with this from now on."))
        return HttpResponseRedirect(self.url("wecom:welcome"))


class WelcomePreview(ConsoleView):
    """The words as they would be sent, while they are typed."""

    permission = write_permission = Permission.OPERATE

    def post(self, request: HttpRequest) -> HttpResponse:
        parts = preview(self, request.POST.get("text", "")[:4000], [])
        context = {"parts": parts, "sender": sample_names()["staff"], "company": self.request.tenant.brand}
        return render(request, "console/_message.html", context, partial="console/_message.html")


class Parts(ConsoleView, ABC):
    """The parts of whatever carries a welcome. Give `parts()` and `save(parts)`; `kwargs` are those of the URL."""

    permission = write_permission = Permission.OPERATE

    @abstractmethod
    def parts(self, **kwargs: Any) -> list[dict[str, Any]]:
        """The present parts; raises what the page answers with "not found"."""

    @abstractmethod
    def save(self, parts: list[dict[str, Any]], **kwargs: Any) -> None:
        """Call the one service that replaces them."""


class PartPage(Parts, FormPage):
    """A drawer: add one part."""

    template_name = "wecom/part.html"
    form_class = PartForm
    most: ClassVar[int] = WELCOME_PARTS

    def _kind(self) -> str:
        kind = self.request.GET.get("kind", "image")
        if kind not in PART_LABELS:
            raise Http404
        return kind

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        self.parts(**kwargs)  # whose welcome it is: an unknown one is not found
        return {"kind": self._kind()}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {
            "kind": self._kind(),
            "label": PART_LABELS[self._kind()],
            "here": self.request.get_full_path(),
        }

    def done(self, form: PartForm, **kwargs: Any) -> HttpResponse:
        told = {name: value for name, value in form.cleaned_data.items() if name != "file" and value}
        made: dict[str, Any] = {"kind": form.kind, **told}
        if "file" in form.cleaned_data:
            sent = form.cleaned_data["file"]
            kind = "image" if form.kind == "miniprogram" else form.kind
            made["asset_id"] = assets.asset_store(
                tenant=self.request.tenant,
                kind=kind,
                name=sent.name,
                content=sent.read(),
                actor=self.request.actor,
            ).pk
        self.save([*self.parts(**kwargs), made][-self.most :], **kwargs)
        return drawer_done(self.request)


class PartRemove(Parts):
    """Take one part off again."""

    def post(self, request: HttpRequest, number: int = 0, **kwargs: Any) -> HttpResponse:
        parts = self.parts(**kwargs)
        if number >= len(parts):
            raise Http404
        self.save([one for place, one in enumerate(parts) if place != number], **kwargs)
        return drawer_done(request)


class _OfApp(Composed):
    def parts(self, **kwargs: Any) -> list[dict[str, Any]]:
        return list(self.app().greeting_parts)

    def save(self, parts: list[dict[str, Any]], **kwargs: Any) -> None:
        app = self.app()
        services.app_set_greeting(
            tenant=self.request.tenant,
            app_id=app.pk,
            greeting=app.greeting,
            parts=parts,
            actor=self.request.actor,
        )


class WelcomePart(_OfApp, PartPage):
    """Add to the app's own welcome."""


class WelcomePartRemove(_OfApp, PartRemove):
    """Take off the app's own welcome."""


class AssetView(ConsoleView):
    """One of our files: pictures are shown, everything else is only handed out."""

    write_permission = Permission.OPERATE

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            asset = assets.asset_get(tenant_id=self.request.tenant.pk, asset_id=pk)
        except MediaAsset.DoesNotExist as error:
            raise Http404 from error
        is_shown = asset.content_type in ("image/png", "image/jpeg")
        response = HttpResponse(
            bytes(asset.body), content_type=asset.content_type if is_shown else "application/octet-stream"
        )
        response.headers["Content-Disposition"] = "inline" if is_shown else 'attachment; filename="media"'
        response.headers["Cache-Control"] = "private, max-age=3600"
        return response
