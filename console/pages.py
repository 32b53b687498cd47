"""The base of every console view: who may see it, how it renders, how a refusal is shown.

An app's view derives from ConsoleView, TemplatePage, FormPage or console.listing.ListPage; names that apps
use are importable from here.
"""

import json
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.messages import get_messages
from django.core.exceptions import ObjectDoesNotExist
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.loader import select_template
from django.utils.translation import gettext as _
from django.views import View

from console.shell import shell, tenant_url
from tenants.enums import Permission
from tenants.errors import DomainError, NotPermitted
from tenants.roles import allows

__all__ = [
    "ConsoleView", "FormPage", "TemplatePage", "drawer_done", "go", "refuse", "render", "shell", "tenant_url", "toast",
    "with_toasts",
]  # fmt: skip


def toast(request: HttpRequest, text: Any, undo_url: str = "") -> None:
    """Say one thing at the bottom of the page, now or after the redirect. `undo_url` gets a POST."""
    messages.success(request, text, extra_tags=undo_url)


def render(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    partial: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render a page; an htmx request gets `partial`, or the page's sibling `_name.html` where there is one."""
    names = [template]
    if is_part(request):
        folder, _slash, name = template.rpartition("/")
        names = [partial or f"{folder}/_{name}", template]
    return HttpResponse(select_template(names).render(context or {}, request), status=status)


def is_part(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page, not for a page."""
    return bool(getattr(request, "htmx", False)) and not request.htmx.boosted  # type: ignore[attr-defined]


def with_toasts(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Carry waiting toasts in an htmx answer's header. Redirects keep them for the next page."""
    if not getattr(request, "htmx", False) or 300 <= response.status_code < 400 or "HX-Redirect" in response:
        return response
    waiting = [{"text": str(one), "undo": one.extra_tags or ""} for one in get_messages(request)]
    if waiting:
        events = json.loads(response.headers.get("HX-Trigger") or "{}")
        response.headers["HX-Trigger"] = json.dumps({**events, "q:toast": waiting})
    return response


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page, from a form or from htmx."""
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def drawer_done(request: HttpRequest, *, refresh: bool = True) -> HttpResponse:
    """Answer a form in the drawer: close it and, by default, load the page behind it again."""
    headers = {"HX-Refresh": "true"} if refresh else {"HX-Trigger": json.dumps({"q:drawer-close": True})}
    return HttpResponse(status=204, headers=headers)


def refuse(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as a person reads it: a toast for htmx, else a page with the code; its status is the error's."""
    status = error.status
    if getattr(request, "htmx", False):
        said = {"q:toast": [{"text": str(error.message), "code": error.code, "tone": "bad"}]}
        return HttpResponse(status=status, headers={"HX-Trigger": json.dumps(said)})
    context = {"error": error, "back": request.headers.get("referer", "")}
    return render(request, "console/refused.html", context, status=status)


class ConsoleView(View):
    """A view under /t/<slug>/. request.tenant, request.role and request.actor are there.

    `permission` opens the page, `write_permission` is asked for anything but reading. A DomainError raised in
    the view becomes a toast or an alert page with its code and its status; a missing permission becomes a page
    that names it, 403; a row that a service does not find is 404, a foreign one like an unknown one.
    """

    permission: ClassVar[str] = Permission.VIEW
    write_permission: ClassVar[str] = Permission.WORK
    request: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        reads = request.method in {"GET", "HEAD", "OPTIONS"}
        needed = (self.permission,) if reads else (self.permission, self.write_permission)
        for permission in needed:
            if not allows(request.role, permission):  # type: ignore[attr-defined]
                return self.forbidden(permission)
        try:
            response = super().dispatch(request, *args, **kwargs)
        except DomainError as error:
            return refuse(request, error)
        except ObjectDoesNotExist as error:
            raise Http404 from error
        return with_toasts(request, response)

    def forbidden(self, permission: str) -> HttpResponse:
        """The 403 page that says which permission is missing."""
        label = Permission(permission).label
        if getattr(self.request, "htmx", False):
            return refuse(
                self.request, NotPermitted(_("Your role cannot do this: %(what)s.") % {"what": label})
            )
        return HttpResponse(
            select_template(["403.html"]).render({"permission_label": label}, self.request), status=403
        )

    def can(self, permission: str) -> bool:
        return allows(self.request.role, permission)

    def url(self, name: str, **kwargs: Any) -> str:
        """A console URL of the tenant in hand."""
        return tenant_url(self.request.tenant, name, **kwargs)


class TemplatePage(ConsoleView):
    """A page that only shows. Set `template_name`; give `context()`."""

    template_name: ClassVar[str]
    partial_name: ClassVar[str] = ""

    def context(self, **kwargs: Any) -> dict[str, Any]:
        """What the template needs; `kwargs` are those of the URL."""
        return {}

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return render(request, self.template_name, self.context(**kwargs), partial=self.partial_name)


class FormPage(ConsoleView, ABC):
    """A page with one form. Set `form_class`; give `done(form, **kwargs)`, which calls the one service.

    `template_name` defaults to a plain form page; `title`, `purpose`, `submit_label` fill it. A DomainError of
    the service is shown above the form with its code; what was typed stays.
    """

    template_name: ClassVar[str] = "console/form.html"
    form_class: ClassVar[Any]
    title: ClassVar[Any] = ""
    purpose: ClassVar[Any] = ""
    submit_label: ClassVar[Any] = ""

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    @abstractmethod
    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        """Call the one service with the valid form and go on. A DomainError is shown above the form."""

    def show(self, form: BaseForm, status: int = 200, **kwargs: Any) -> HttpResponse:
        base = {"form": form, "title": self.title, "purpose": self.purpose, "submit_label": self.submit_label}
        return render(self.request, self.template_name, {**base, **self.context(**kwargs)}, status=status)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = self.form_class(initial=self.initial(**kwargs), **self.form_kwargs(**kwargs))
        return self.show(form, **kwargs)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = self.form_class(
            request.POST, request.FILES, initial=self.initial(**kwargs), **self.form_kwargs(**kwargs)
        )
        if not form.is_valid():
            return self.show(form, 422, **kwargs)
        try:
            return self.done(form, **kwargs)
        except NotPermitted:
            raise
        except DomainError as error:
            form.add_error(None, f"{error.message} ({error.code})")
            return self.show(form, error.status, **kwargs)
