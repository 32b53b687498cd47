"""Signing in to the console with WeCom: by scanning on a computer, silently inside WeCom.

/login/ asks for the company, /login/<code>/ is its own address, .../wecom/ goes to WeCom, .../back/ comes from it.
"""

import re
from typing import Any

from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views import View

from console.pages import render
from console.shell import home_url
from team.errors import REFUSALS, SignInRefused
from team.viewer import staff_by_code
from tenants.enums import Role
from tenants.models import Membership, Tenant
from tenants.scoping import tenant_scope
from tenants.selectors import tenant_by_slug
from tenants.states import state_issue, state_take
from wecom.selectors import app_current, login_url, oauth_url

CONSOLE = "console"
_IN_WECOM = re.compile(r"wxwork", re.IGNORECASE)
_SLUG_OF_PAGE = re.compile(r"^/t/([-a-zA-Z0-9_]+)/")


def wanted_page(request: HttpRequest) -> str:
    """The page to come to afterwards, if it is one of ours; else an empty string."""
    asked = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return asked if asked and is_ours else ""


def _with_next(url: str, then: str) -> str:
    return f"{url}?{urlencode({'next': then})}" if then else url


class FindPage(View):
    """Which company? A page asked for says it; else its code does."""

    def get(self, request: HttpRequest) -> HttpResponse:
        then = wanted_page(request)
        asked = request.GET.get("company", "").strip().strip("/").rpartition("/")[2].lower()
        named = _SLUG_OF_PAGE.match(then)
        slug = asked or (named[1] if named and "company" not in request.GET else "")
        if slug and tenant_by_slug(slug) is not None:
            url = reverse("team_public:login_company", kwargs={"slug": slug})
            return HttpResponseRedirect(_with_next(url, then))
        context = {"next": then, "asked": asked, "is_unknown": bool(asked)}
        return render(request, "team/login_find.html", context, status=404 if asked else 200)


class CompanyView(View):
    """Works for the company of the address, in its scope. Unknown and suspended ones are a 404."""

    tenant: Tenant

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        tenant = tenant_by_slug(kwargs["slug"])
        if tenant is None:
            raise Http404
        self.tenant = tenant
        with tenant_scope(tenant):
            try:
                response = super().dispatch(request, *args, **kwargs)
            except SignInRefused as error:
                response = self.refuse(error.kind)
        response.headers["Cache-Control"] = "no-store"
        return response

    def url(self, name: str) -> str:
        return reverse(f"team_public:{name}", kwargs={"slug": self.tenant.slug})

    def refuse(self, kind: str) -> HttpResponse:
        """What is the matter, in the visitor's language, and the way to start again."""
        about = REFUSALS[kind]
        context = {"company": self.tenant, "about": about, "again": self.url("login_company")}
        return render(self.request, "team/login_stop.html", context, status=about.status)


class CompanyPage(CompanyView):
    """The company's own sign-in address. Inside WeCom it goes on by itself."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        start = _with_next(self.url("login_start"), wanted_page(request))
        is_connected = app_current(tenant_id=self.tenant.pk) is not None
        if is_connected and is_in_wecom(request):
            return HttpResponseRedirect(start)
        context = {"company": self.tenant, "start": start, "is_connected": is_connected}
        return render(request, "team/login_company.html", {**context, "next": wanted_page(request)})


def is_in_wecom(request: HttpRequest) -> bool:
    """Whether the browser is WeCom's own, which answers silently instead of showing a code to scan."""
    return _IN_WECOM.search(request.headers.get("user-agent", "")) is not None


class StartView(CompanyView):
    """To WeCom, with a word that only this browser can bring back."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        app = app_current(tenant_id=self.tenant.pk)
        if app is None:
            raise SignInRefused("unconnected")
        state = state_issue(request, purpose=CONSOLE, tenant_id=self.tenant.pk, then=wanted_page(request))
        to_wecom = oauth_url if is_in_wecom(request) else login_url
        back = f"{settings.PUBLIC_URL}{self.url('login_back')}"
        return HttpResponseRedirect(to_wecom(app=app, redirect_uri=back, state=state))


class BackView(CompanyView):
    """From WeCom: the code names a staff member, the link names the login."""

    def get(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        tenant = self.tenant
        state = request.GET.get("state", "")
        then = state_take(request, purpose=CONSOLE, tenant_id=tenant.pk, state=state)
        app = app_current(tenant_id=tenant.pk)
        if app is None:
            raise SignInRefused("unconnected")
        if then is None:
            raise SignInRefused("expired")
        member = self._member(staff_by_code(app=app, code=request.GET.get("code", "")).membership)
        if request.user.is_authenticated:
            logout(request)
        return perform_login(
            request,
            member.user,
            email_verification="none",
            redirect_url=self._page(then, member),
            signal_kwargs={"wecom_tenant_id": tenant.pk},
        )

    def _member(self, linked: Membership | None) -> Membership:
        if linked is None or linked.ended_at is not None:
            raise SignInRefused("unlinked")
        if not linked.may_enter:
            raise SignInRefused("suspended")
        return linked

    def _page(self, then: str, member: Membership) -> str:
        """The page asked for, if it is this company's: the sign-in reaches no other."""
        inside = then.startswith(f"/t/{self.tenant.slug}/")
        return then if inside else home_url(self.tenant, Role(member.role))
