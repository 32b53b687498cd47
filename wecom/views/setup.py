"""Settings, WeCom: connect, check, read, pause. One page; its status part refreshes itself."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.pages import ConsoleView, FormPage, drawer_done, render, toast
from tenants.enums import Permission
from wecom import selectors, services
from wecom.enums import AppState
from wecom.forms import AppForm, RotateForm
from wecom.models import App
from wecom.reading import checkup, readings

SYNC_LABELS = {
    "staff": gettext_lazy("Staff"),
    "tags": gettext_lazy("Tags"),
    "customers": gettext_lazy("Customers"),
    "groups": gettext_lazy("Groups"),
    "codes": gettext_lazy("Live codes"),
}


class Managed(ConsoleView):
    """Everything here is for those who manage the company."""

    permission = Permission.MANAGE
    write_permission = Permission.MANAGE

    def app(self) -> App:
        """The tenant's app. Raises Http404."""
        found = selectors.app_current(tenant_id=self.request.tenant.pk)
        if found is None:
            raise Http404
        return found


def status_context(app: App) -> dict[str, Any]:
    """What `_setup_status.html` shows."""
    rows = readings.readings(tenant_id=app.tenant_id)
    results = checkup.results(app)
    is_reading = any(row.is_going for row in rows)
    waits = any(one.state == "waiting" for one in results)
    return {
        "app": app,
        "results": results,
        "bad_count": sum(one.state == "bad" for one in results),
        "syncs": [{"row": row, "label": SYNC_LABELS.get(row.what, row.what)} for row in rows],
        "going": next(
            (
                {"row": row, "label": SYNC_LABELS.get(row.what, row.what), "number": number, "of": len(rows)}
                for number, row in enumerate(rows, start=1)
                if row.is_going
            ),
            None,
        ),
        "lost_ever": sum(row.lost_ever for row in rows),
        "callbacks": readings.callbacks_of(tenant_id=app.tenant_id, app=app),
        "is_reading": is_reading,
        "was_read": any(row.finished_at for row in rows),
        "refreshes": is_reading
        or any(row.state == "waits" for row in rows)
        or (waits and app.state != AppState.PAUSED)
        or app.state == AppState.BROKEN,
        "is_connected": app.state == AppState.CONNECTED,
        "is_paused": app.state == AppState.PAUSED,
    }


class Setup(Managed, FormPage):
    """First the three values; then the callback's, the checks, the reading."""

    template_name = "wecom/setup.html"
    form_class = AppForm

    def context(self, **kwargs: Any) -> dict[str, Any]:
        app = selectors.app_current(tenant_id=self.request.tenant.pk)
        if app is None:
            return {"app": None, "sheet": "css/wecom.css"}
        callback = reverse("wecom_public:callback", kwargs={"slug": app.slug})
        return {
            **status_context(app),
            "callback_url": f"{settings.PUBLIC_URL}{callback}",
            "attention": selectors.attention_count(tenant_id=app.tenant_id),
            "sheet": "css/wecom.css",
        }

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        services.app_connect(tenant=self.request.tenant, actor=self.request.actor, **form.cleaned_data)
        toast(self.request, _("The app is saved and being checked."))
        return HttpResponseRedirect(self.url("wecom:setup"))


class SetupStatus(Managed):
    """The part of the page that asks again by itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        context = status_context(self.app())
        return render(request, "wecom/_setup_status.html", context, partial="wecom/_setup_status.html")


class SetupCheck(Managed):
    """Try everything now. Takes some seconds, so it runs in the request and shows its result."""

    def post(self, request: HttpRequest) -> HttpResponse:
        app = self.app()
        checkup.run(tenant_id=self.request.tenant.pk, app_id=app.pk)
        if not self.request.htmx:
            return HttpResponseRedirect(self.url("wecom:setup"))
        context = status_context(self.app())
        return render(request, "wecom/_setup_status.html", context, partial="wecom/_setup_status.html")


class SetupAct(Managed):
    """Pause, resume, read everything, new callback keys."""

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        app, tenant, actor = self.app(), self.request.tenant, self.request.actor
        if verb == "pause":
            if services.app_pause(tenant=tenant, app_id=app.pk, actor=actor).state == AppState.PAUSED:
                undo_url = self.url("wecom:setup_act", verb="resume")
                toast(request, _("Calls to WeCom are paused."), undo_url=undo_url)
        elif verb == "resume":
            services.app_resume(tenant=tenant, app_id=app.pk, actor=actor)
            toast(request, _("Calls to WeCom go out again."))
        elif verb == "keys":
            services.app_rotate_keys(tenant=tenant, app_id=app.pk, actor=actor)
            toast(request, _("New keys are made. Enter them in the WeCom console."))
        elif verb == "read":
            services.sync_request(tenant.pk)
            toast(request, _("Reading from WeCom has begun."))
        else:
            raise Http404
        return HttpResponseRedirect(self.url("wecom:setup"))


class SetupSecret(Managed, FormPage):
    """In the drawer: a new secret, or corrected ids."""

    template_name = "wecom/secret.html"
    form_class = RotateForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        app = self.app()
        return {"corp_id": app.corp_id, "agent_id": app.agent_id}

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        services.app_rotate_secret(
            tenant=self.request.tenant, app_id=self.app().pk, actor=self.request.actor, **form.cleaned_data
        )
        return drawer_done(self.request)
