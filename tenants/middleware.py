"""Slug in the URL -> membership -> scope. The first net of isolation.

Console URLs look like /t/<slug>/...; the slug decides the tenant, never the session. A slug that the user
does not belong to is a 404, exactly like one that does not exist.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.utils import translation
from django.utils.translation import gettext as _

from tenants.audit import Actor
from tenants.doors import door_of, is_closed
from tenants.preferences import read_once
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tenants.selectors import place_list_for_user

GetResponse = Callable[[HttpRequest], HttpResponse]


class UserLanguageMiddleware:
    """A signed-in user's own language wins over the browser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and user.language != translation.get_language():
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


def _reading(request: HttpRequest) -> AbstractContextManager[None]:
    """A page that is only read asks for the tenant's settings once."""
    return read_once() if request.method in {"GET", "HEAD"} else nullcontext()


class TenantMiddleware:
    """Opens the tenant's scope around views whose URL carries `tenant_slug`.

    The view finds `request.tenant`, `request.role`, `request.actor` and `request.places`, all that the user may enter;
    it does not get the slug. A session that
    WeCom opened reaches one company and no account pages (tenants.doors). URLs under
    the `phone` and `public` namespaces identify their tenant by other proofs and open the scope themselves.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        slug = kwargs.pop("tenant_slug", None)
        only = door_of(request) if request.user.is_authenticated else None
        if slug is None:
            if only is not None and is_closed(request.resolver_match):
                raise PermissionDenied(
                    _("You came in by WeCom. Sign out and in again with your e-mail address to do this.")
                )
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        places = place_list_for_user(request.user, only=only)
        place = next((one for one in places if one.tenant.slug == slug), None)
        if place is None:
            raise Http404  # unknown, suspended and foreign look the same
        request.places = places  # type: ignore[attr-defined]
        request.tenant, request.role = place.tenant, place.role  # type: ignore[attr-defined]
        request.actor = Actor.of_user(request.user, PERMISSIONS[place.role])  # type: ignore[attr-defined]
        with tenant_scope(place.tenant), _reading(request):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
                response.render()  # while the scope is open
            return response
