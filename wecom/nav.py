"""What wecom adds to the settings page, the freshness panel and the bell."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console import nav
from console.shell import tenant_url
from tenants.enums import Permission
from tenants.roles import allows
from wecom import selectors
from wecom.archive.selectors import apps_with_archive
from wecom.models import App

TONES = {"fresh": "ok", "syncing": "ok", "late": "warn", "stopped": "bad", "paused": "warn", "none": ""}
NOTES = {
    "syncing": _("reading now"),
    "late": _("a read failed"),
    "stopped": _("calls are stopped"),
    "paused": _("paused"),
    "none": _("not connected"),
}


def _app(request: HttpRequest) -> App | None:
    """The tenant's app; the panel and the bell of one page ask once."""
    if not hasattr(request, "wecom_app"):
        request.wecom_app = selectors.app_of(apps_with_archive(tenant_id=request.tenant.pk))  # type: ignore[attr-defined]
    return request.wecom_app  # type: ignore[attr-defined, no-any-return]


def freshness(request: HttpRequest) -> Iterable[nav.Fresh]:
    """How current what we know from WeCom is."""
    found = selectors.freshness_of(tenant_id=request.tenant.pk, app=_app(request))  # type: ignore[attr-defined]
    note = found.reason if found.state == "stopped" and found.reason else NOTES.get(found.state, "")
    return [nav.Fresh(label=_("WeCom"), at=found.as_of, tone=TONES[found.state], note=note)]


def notices(request: HttpRequest) -> list[nav.Notice]:
    """For those who can decide: how many entries wait, and a stopped app."""
    role, tenant = getattr(request, "role", ""), getattr(request, "tenant", None)
    if tenant is None or not allows(role, Permission.MANAGE):
        return []
    found = []
    app = _app(request)
    if app and app.state == "broken":
        found.append(
            nav.Notice(_("Calls to WeCom are stopped"), tenant_url(tenant, "wecom:setup"), app.checked_at)
        )
    found += archive_notices(tenant, app)
    waiting = selectors.attention_count(tenant_id=tenant.pk) if app is None else app.attention  # type: ignore[attr-defined]
    if waiting:
        found.append(nav.Notice(_("Events or sends wait for a decision"), tenant_url(tenant, "wecom:inbox")))
    return found


def archive_notices(tenant: Any, app: App | None) -> list[nav.Notice]:
    """A stopped archive, messages nobody can bring back, and messages that wait for a key."""
    state, gap = getattr(app, "archive_state", None), getattr(app, "archive_gap", None)
    closed_at = getattr(app, "archive_closed_at", None)
    url = tenant_url(tenant, "wecom:archive")
    found = []
    if state == "stopped":
        found.append(nav.Notice(_("The message archive has stopped"), url))
    if gap:
        found.append(nav.Notice(_("Messages of some days were lost in the archive"), url, gap))
    if state and closed_at:
        found.append(nav.Notice(_("Archived messages wait for a private key"), url, closed_at))
    return found


nav.register_setting(
    label=_("WeCom"),
    help=_("Connect, check, read, pause"),
    icon="brand-wechat",
    url_name="wecom:setup",
    order=20,
)
nav.register_setting(
    label=_("Operations"),
    help=_("Does everything work, and if not, what to do"),
    icon="activity-heartbeat",
    url_name="wecom:operations",
    order=15,
)
nav.register_setting(
    label=_("Message archive"),
    help=_("Secret, keys, who agreed, what came in"),
    icon="messages",
    url_name="wecom:archive",
    order=22,
)
nav.register_setting(
    label=_("Inbox"),
    help=_("What came in and could not be processed; sends to decide"),
    icon="inbox",
    url_name="wecom:inbox",
    order=25,
)
nav.register_setting(
    label=_("Mass-send limit"),
    help=_("WeCom's rule, from when it holds, and how much of it is used"),
    icon="gauge",
    url_name="wecom:quota",
    order=23,
)
nav.register_setting(
    label=_("Welcome"),
    help=_("What new friends are greeted with, and how fast"),
    icon="message-heart",
    url_name="wecom:welcome",
    order=21,
    permission=Permission.OPERATE,
)
nav.register_freshness(freshness)
nav.register_bell(lines=notices, count=lambda request: len(notices(request)))
