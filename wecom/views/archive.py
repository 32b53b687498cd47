"""Settings, Archive: secret, keys, checks, what came in, who agreed; and the files of messages."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.exports import csv_response
from console.pages import ConsoleView, FormPage, drawer_done, render, toast
from tenants import audit, clock, preferences
from tenants.enums import Permission
from wecom.archive import checkup, selectors, services
from wecom.archive.enums import RETENTION_DAYS, ArchiveState, SealedReason
from wecom.archive.errors import FileGone
from wecom.archive.fetch import WINDOW
from wecom.archive.models import ArchiveCursor
from wecom.models import App
from wecom.selectors import app_current
from wecom.views.setup import Managed

RECENT = timedelta(days=7)
TONES = {
    ArchiveState.RUNNING: "ok",
    ArchiveState.STOPPED: "bad",
    ArchiveState.PAUSED: "warn",
    ArchiveState.NEW: "line",
    ArchiveState.OFF: "line",
}
REASONS = dict(SealedReason.choices)


class SecretForm(forms.Form):
    """The archive's own secret, not the app's."""

    secret = forms.CharField(
        label=gettext_lazy("Secret of the message archive"),
        max_length=128,
        help_text=gettext_lazy(
            "WeCom console, Management tools, Message archive. Kept encrypted, never shown again."
        ),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=True),
    )


class KeyForm(forms.Form):
    """A key pair that was made elsewhere."""

    version = forms.IntegerField(
        label=gettext_lazy("Version"),
        min_value=1,
        max_value=services.VERSION_MOST,
        help_text=gettext_lazy("As the WeCom console shows it beside the public key."),
    )
    private_key = forms.CharField(
        label=gettext_lazy("Private key"),
        max_length=20_000,
        help_text=gettext_lazy(
            "PEM text of an RSA key of 2048 bits, without a password. Kept encrypted, never shown again."
        ),
        widget=forms.Textarea(
            attrs={"rows": 8, "class": "q-code", "autocomplete": "off", "spellcheck": "false"}
        ),
    )


class VersionForm(forms.Form):
    """The number the console gave a key."""

    version = forms.IntegerField(
        label=gettext_lazy("Version"),
        min_value=1,
        max_value=services.VERSION_MOST,
        help_text=gettext_lazy("As the WeCom console shows it beside the public key."),
    )


def status_context(app: App, row: ArchiveCursor) -> dict[str, Any]:
    """What `_archive_status.html` shows."""
    since = clock.now() - RECENT
    what, todo = checkup.words(row.error_code) if row.error_code or row.error else ("", "")
    sealed = selectors.sealed_counts(tenant_id=app.tenant_id, app_id=app.pk)
    return {
        "app": app,
        "row": row,
        "tone": TONES[ArchiveState(row.state)],
        "results": checkup.results(row),
        "what": what,
        "todo": todo,
        "lag_s": selectors.lag_s(row),
        "recent": selectors.message_total(tenant_id=app.tenant_id, since=since),
        "sealed": [{**one, "label": REASONS[one["reason"]]} for one in sealed],
        "sealed_count": sum(one["n"] for one in sealed),
        "unknown": selectors.unknown_counts(tenant_id=app.tenant_id, since=since),
        "media": selectors.media_counts(tenant_id=app.tenant_id),
        "window_days": WINDOW.days,
        "refreshes": row.state == ArchiveState.NEW or row.has_more or bool(row.leased_until),
    }


class ArchivePage(Managed, FormPage):
    """First the secret; then the checks, the keys, and what came in."""

    template_name = "wecom/archive.html"
    form_class = SecretForm

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant_id = self.request.tenant.pk
        base = {
            "sheet": "css/wecom.css",
            "is_possible": selectors.is_possible(),
            "consents": selectors.consent_counts(tenant_id=tenant_id),
            "retention_days": preferences.value(tenant_id, RETENTION_DAYS),
        }
        app = app_current(tenant_id=tenant_id)
        if app is None:
            return {**base, "app": None, "row": None}
        row = selectors.archive_of(tenant_id=tenant_id, app_id=app.pk)
        keys = selectors.key_list(tenant_id=tenant_id, app_id=app.pk)
        if row is None or row.state == ArchiveState.OFF:
            return {**base, "app": app, "row": None, "keys": keys}
        return {**base, "keys": keys, **status_context(app, row)}

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        services.archive_connect(
            tenant=self.request.tenant, app_id=self.app().pk, actor=self.request.actor, **form.cleaned_data
        )
        toast(self.request, _("The secret is saved and being checked."))
        return HttpResponseRedirect(self.url("wecom:archive"))


class _OfArchive(Managed):
    def row(self) -> ArchiveCursor:
        """The archive that is set up. Raises Http404."""
        found = selectors.archive_of(tenant_id=self.request.tenant.pk, app_id=self.app().pk)
        if found is None:
            raise Http404
        return found

    def status(self) -> HttpResponse:
        context = status_context(self.app(), self.row())
        return render(
            self.request, "wecom/_archive_status.html", context, partial="wecom/_archive_status.html"
        )


class ArchiveStatus(_OfArchive):
    """The part of the page that asks again by itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.status()


class ArchiveCheck(_OfArchive):
    """Try everything now; takes some seconds."""

    def post(self, request: HttpRequest) -> HttpResponse:
        checkup.run(tenant_id=self.request.tenant.pk, app_id=self.row().app_id)
        return self.status() if self.request.htmx else HttpResponseRedirect(self.url("wecom:archive"))


class ArchiveAct(Managed):
    """Pause, resume, make a key, try closed messages again, take note of a gap."""

    def post(self, request: HttpRequest, verb: str) -> HttpResponse:
        who: dict[str, Any] = {
            "tenant": self.request.tenant,
            "app_id": self.app().pk,
            "actor": self.request.actor,
        }
        if verb == "pause":
            services.archive_pause(**who)
            undo = self.url("wecom:archive_act", verb="resume")
            toast(request, _("The archive is not read until you resume. WeCom holds five days."), undo)
        elif verb == "resume":
            services.archive_resume(**who)
            toast(request, _("The archive is read again."))
        elif verb == "key":
            services.key_make(**who)
            toast(request, _("A key pair is made. Enter its public half in the WeCom console."))
        elif verb == "retry":
            services.sealed_retry_ask(**who)
            toast(request, _("Closed messages are being tried again."))
        elif verb == "gap":
            services.archive_gap_seen(**who)
        else:
            raise Http404
        return HttpResponseRedirect(self.url("wecom:archive"))


class ArchiveSecret(Managed, FormPage):
    """In the drawer: another secret."""

    template_name = "wecom/archive_secret.html"
    form_class = SecretForm

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        services.archive_connect(
            tenant=self.request.tenant, app_id=self.app().pk, actor=self.request.actor, **form.cleaned_data
        )
        return drawer_done(self.request)


class ArchiveKeyPaste(Managed, FormPage):
    """In the drawer: a private key made elsewhere."""

    template_name = "wecom/archive_key.html"
    form_class = KeyForm

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        services.key_paste(
            tenant=self.request.tenant, app_id=self.app().pk, actor=self.request.actor, **form.cleaned_data
        )
        toast(self.request, _("The key is kept. Messages that waited for it are being opened."))
        return drawer_done(self.request)


class ArchiveKeyVersion(Managed, FormPage):
    """In the drawer: the number the console really gave."""

    template_name = "wecom/archive_version.html"
    form_class = VersionForm

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"key_pk": selectors.key_get(tenant_id=self.request.tenant.pk, key_id=kwargs["pk"]).pk}

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        services.key_set_version(
            tenant=self.request.tenant, key_id=kwargs["pk"], actor=self.request.actor, **form.cleaned_data
        )
        return drawer_done(self.request)


class ConsentExport(Managed):
    """Everybody's answer as a table."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        rows = selectors.consent_list(tenant_id=self.request.tenant.pk)
        audit.record(
            tenant=self.request.tenant, actor=self.request.actor, verb="wecom.archive.consents_exported"
        )
        head = ["external_userid", "state", "source", "at", "note"]
        lines = [[one.person_shown, one.state, one.source, one.at.isoformat(), one.note] for one in rows]
        return csv_response([head, *lines], "archive-consents.csv")


class ArchiveFile(ConsoleView):
    """A file of a message, for those who may see personal data; who took it is recorded."""

    permission = Permission.SEE_PERSONAL

    def get(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = selectors.media_get(tenant_id=self.request.tenant.pk, media_id=pk)
        try:
            kept = default_storage.open(row.path)
        except FileNotFoundError as error:
            raise FileGone from error
        audit.record(
            tenant=self.request.tenant,
            actor=self.request.actor,
            verb="wecom.archive.file_read",
            target=row,
            changes={"msgid": [None, row.msgid]},
        )
        name = row.path.rpartition("/")[2]
        answer = FileResponse(kept, as_attachment=True, filename=row.name or name)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Content-Type"] = "application/octet-stream"
        return answer
