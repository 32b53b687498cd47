"""A form on a customer's phone, reached by a personal link. Who answers is told by WeCom, never by the address."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import View

from console.pages import render
from contacts.errors import SurveyAnswered, SurveyClosed
from contacts.forms.surveys import AnswerForm
from contacts.policies.surveys import questions_from
from contacts.selectors.surveys import is_open, link_by_tail
from contacts.services.surveys import link_opened, survey_answer
from content.policies.radar import Identity, is_bot
from content.selectors import radar_tenant
from content.views.visitors import ask_who, identity_read, in_wechat, missing
from tenants import clock
from tenants.pace import within_minute
from tenants.scoping import tenant_scope
from wecom.selectors import app_current

if TYPE_CHECKING:
    from contacts.models import SurveyLink
    from tenants.models import Tenant
    from wecom.models import App

TRIES_A_MINUTE = 20  # openings and sendings of one link by one address: a whole camp may come by one proxy
BODY_BYTES = 64 * 1024  # twelve answers of 200 characters are far less


class SurveyView(View):
    """/r/f/<token>: show the form; keep what is sent. Needs no JavaScript."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        token = kwargs["token"]
        tenant = radar_tenant(token)
        if tenant is None:
            return missing(request)
        with tenant_scope(tenant):
            link = link_by_tail(tenant_id=tenant.pk, tail=token.partition("-")[2])
            if link is None:
                return missing(request)
            if _is_too_often(link, request.META.get("REMOTE_ADDR", "")):
                return _stop(
                    request, tenant, _("Too many tries"), _("Wait a minute, then open the link again."), 429
                )
            now = clock.now()
            if not is_open(link.survey, now=now, zone=tenant.timezone):
                return _stop(
                    request, tenant, _("This form is closed"), _("It takes no more answers. Thank you."), 410
                )
            if link.expires_at <= now:
                again = _("Ask the person who sent it to you for a new one.")
                return _stop(request, tenant, _("This link has ended"), again, 410)
            return self._serve(request, tenant, link)

    def _serve(self, request: HttpRequest, tenant: "Tenant", link: "SurveyLink") -> HttpResponse:
        app = app_current(tenant_id=tenant.pk)
        identity, was_asked = identity_read(request, app) if app else (None, True)
        if request.method == "POST":
            return self._sent(request, tenant, link, app, identity)
        if app is not None and not was_asked and in_wechat(request):
            return ask_who(request, app, f"f/{self.kwargs['token']}")
        if _is_theirs(link, identity) and link.answered_at is not None:
            return _thanks(request, tenant, link)
        is_person = request.method == "GET" and not is_bot(request.headers.get("user-agent", ""))
        if is_person and not (identity and identity.is_staff):
            link_opened(link=link)
        return _page(request, tenant, link, self._form(tenant, link), identity)

    def _form(self, tenant: "Tenant", link: "SurveyLink", data: Any = None) -> AnswerForm:
        today = clock.local_date(clock.now(), tenant.timezone)
        return AnswerForm(data, questions=questions_from(link.survey.questions), today=today)

    def _sent(
        self,
        request: HttpRequest,
        tenant: "Tenant",
        link: "SurveyLink",
        app: "App | None",
        identity: Identity | None,
    ) -> HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > BODY_BYTES:
            return _stop(
                request, tenant, _("That is too much"), _("Shorten your answers and send them again."), 413
            )
        form = self._form(tenant, link, request.POST)
        if not form.is_valid():
            return _page(request, tenant, link, form, identity, status=422)
        if identity and identity.is_staff:
            return _stop(request, tenant, _("Looks good"), _("You are staff: nothing was kept."))
        try:
            survey_answer(
                tenant=tenant,
                link=link,
                values=form.cleaned_data,
                app_id=app.pk if app else None,
                external_userid=identity.external_userid if identity else "",
            )
        except SurveyAnswered:
            return _stop(
                request, tenant, _("You have answered already"), _("Thank you. Nothing was changed."), 409
            )
        except SurveyClosed:
            return _stop(
                request, tenant, _("This form is closed"), _("It takes no more answers. Thank you."), 410
            )
        return _thanks(request, tenant, link)


def _is_theirs(link: "SurveyLink", identity: Identity | None) -> bool:
    return identity is not None and identity.external_userid == link.customer.external_userid


def _is_too_often(link: "SurveyLink", address: str) -> bool:
    key = f"contacts.survey:{link.tenant_id}:{link.pk}:{address}"
    return not within_minute(key, TRIES_A_MINUTE)


def _page(
    request: HttpRequest,
    tenant: "Tenant",
    link: "SurveyLink",
    form: AnswerForm,
    identity: Identity | None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "survey": link.survey,
        "form": form,
        "brand": tenant.brand or tenant.name,
        "is_preview": bool(identity and identity.is_staff),
    }
    return _answer(request, context, status)


def _stop(request: HttpRequest, tenant: "Tenant", title: str, text: str, status: int = 200) -> HttpResponse:
    return _answer(request, {"stop": (title, text), "brand": tenant.brand or tenant.name}, status)


def _thanks(request: HttpRequest, tenant: "Tenant", link: "SurveyLink") -> HttpResponse:
    said = link.survey.thanks or _("Your answers have arrived. You can close this page.")
    return _stop(request, tenant, _("Thank you"), said)


def _answer(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    response = render(request, "content/survey.html", context, status=status, partial="content/survey.html")
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response
