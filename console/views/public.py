"""Pages outside any company: home, a new company, the language, an invitation."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views import View

from console.forms import CompanyForm
from console.pages import refuse, render
from console.shell import home_url
from tenants import services
from tenants.doors import door_of
from tenants.enums import Role
from tenants.errors import InvitationInvalid
from tenants.selectors import invitation_by_token, place_list_for_user


def safe_next(request: HttpRequest, fallback: str = "/") -> str:
    """The page to come back to, if it is one of ours."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(asked, {request.get_host()}, request.is_secure())
    return asked if asked and allowed else fallback


class Home(View):
    """/: the visitor's first company, else a form for one, else sign-in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return HttpResponseRedirect(reverse(settings.LOGIN_URL))
        places = place_list_for_user(request.user, only=door_of(request))
        if not places:
            return HttpResponseRedirect(reverse("console_public:company_new"))
        return HttpResponseRedirect(home_url(places[0].tenant, places[0].role))


class CompanyNew(LoginRequiredMixin, View):
    """A visitor's first or next company."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(request, CompanyForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CompanyForm(request.POST)
        if not form.is_valid():
            return self._show(request, form, 422)
        tenant = services.tenant_sign_up(name=form.cleaned_data["name"], owner=request.user)  # type: ignore[arg-type]
        return HttpResponseRedirect(home_url(tenant, Role.VIEWER))

    def _show(self, request: HttpRequest, form: CompanyForm, status: int = 200) -> HttpResponse:
        places = place_list_for_user(request.user)  # type: ignore[arg-type]
        return render(request, "console/company_new.html", {"form": form, "mine": places}, status=status)


class Language(View):
    """Keep the language: on the user when signed in, else in a cookie."""

    def post(self, request: HttpRequest) -> HttpResponse:
        asked = request.POST.get("language", "")
        response = HttpResponseRedirect(safe_next(request))
        if asked not in dict(settings.LANGUAGES):
            return response
        if request.user.is_authenticated:
            services.user_update(user=request.user, language=asked)
        translation.activate(asked)
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, asked, max_age=31_536_000, samesite="Lax")
        return response


class Invite(View):
    """invite/<token>: a signed-in visitor joins by one press; anyone else signs in or up first."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except InvitationInvalid as error:
            return refuse(request, error)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        invitation = invitation_by_token(token)
        if invitation is None:
            raise InvitationInvalid
        if not request.user.is_authenticated:
            request.session["invitation"] = token
        context = {"invitation": invitation, "role_label": Role(invitation.role).label, "token": token}
        return render(request, "console/invite.html", context)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return HttpResponseRedirect(reverse("console_public:invite", kwargs={"token": token}))
        tenant = services.invitation_accept(token=token, user=request.user)
        request.session.pop("invitation", None)
        messages.success(request, _("You are now a member of %(name)s.") % {"name": tenant.name})
        return HttpResponseRedirect(home_url(tenant, Role.VIEWER))
