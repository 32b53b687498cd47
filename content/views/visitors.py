"""Who visits a page of ours on a phone: told by WeCom's OAuth and kept in a signed cookie, never by the address."""

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views import View

from console.pages import render
from contacts.selectors import customer_by_external
from content.enums import IDENTITY_DAYS
from content.policies.radar import Identity
from content.selectors import radar_link, radar_tenant
from tenants import clock, preferences
from tenants.scoping import tenant_scope
from wecom.errors import WecomError
from wecom.selectors import app_current, oauth_identity, oauth_url

if TYPE_CHECKING:
    from contacts.models import Customer
    from tenants.models import Tenant
    from wecom.models import App

IDENTITY_SALT = "content.radar.identity"
STATE_SALT = "content.radar.state"
STATE_MINUTES = 10
UNKNOWN_MINUTES = 5  # how long a visitor whom WeCom does not name is not asked again
# Where a visitor comes back to, by how the place begins: a radar link, a form, a value event, a pulse, a campaign.
PLACES = {
    "": "content_public:radar",
    "f/": "content_public:survey",
    "e/": "sop_public:event",
    "p/": "sop_public:pulse",
    "c/": "campaigns_public:page",
}
_IN_WECHAT = ("micromessenger", "wxwork")


def _cookie(app: "App") -> str:
    return f"qr_{app.pk}"


def _nonce_cookie(app: "App") -> str:
    return f"qrn_{app.pk}"


def identity_read(request: HttpRequest, app: "App") -> tuple[Identity | None, bool]:
    """(who visits, whether WeCom was asked lately). A cookie of another app, forged or over time is none."""
    try:
        kept = signing.loads(request.COOKIES.get(_cookie(app), ""), salt=f"{IDENTITY_SALT}.{app.pk}")
        until = datetime.fromisoformat(kept["until"])
    except (signing.BadSignature, KeyError, ValueError, TypeError):
        return None, False
    if until <= clock.now():
        return None, False
    identity = Identity(external_userid=kept.get("external", ""), userid=kept.get("staff", ""))
    return (identity if identity.external_userid or identity.userid else None), True


def identity_write(
    response: HttpResponse, app: "App", *, external: str, staff: str, lasts: timedelta
) -> None:
    """Remember a visitor of one app in a cookie that only we can write."""
    until = (clock.now() + lasts).isoformat()
    value = signing.dumps(
        {"external": external, "staff": staff, "until": until}, salt=f"{IDENTITY_SALT}.{app.pk}"
    )
    response.set_cookie(
        _cookie(app),
        value,
        max_age=int(lasts.total_seconds()),
        path="/r/",
        httponly=True,
        samesite="Lax",
        secure=settings.PUBLIC_URL.startswith("https:"),
    )


def visiting_customer(tenant: "Tenant", app: "App | None", identity: Identity | None) -> "Customer | None":
    """The customer who visits; None for staff and for people whom WeCom does not name."""
    if app is None or identity is None or not identity.external_userid:
        return None
    return customer_by_external(tenant_id=tenant.pk, app_id=app.pk, external_userid=identity.external_userid)


def ask_who(request: HttpRequest, app: "App", place: str) -> HttpResponse:
    """Send the visitor through WeCom's silent OAuth; the state is bound to this browser.

    `place` is where he comes back to: a radar link's token, "f/" and that of a form's personal link, "e/" and
    that of a value event, "p/" and that of a pulse, "c/" and that of a campaign's page.
    """
    nonce = uuid.uuid4().hex[:16]
    back = settings.PUBLIC_URL + reverse("content_public:radar_oauth")
    response = HttpResponseRedirect(oauth_url(app=app, redirect_uri=back, state=state_make(place, nonce)))
    response.set_cookie(
        _nonce_cookie(app), nonce, max_age=STATE_MINUTES * 60, path="/r/", httponly=True, samesite="Lax"
    )
    response["Cache-Control"] = "no-store"
    return response


class OAuthView(View):
    """/r/oauth: WeCom sends the visitor back with a one-time code."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest) -> HttpResponse:
        state = _state(request.GET.get("state", ""))
        place = state.get("t", "")
        prefix = next((one for one in PLACES if one and place.startswith(one)), "")
        token = place.removeprefix(prefix)
        tenant = radar_tenant(token)
        if tenant is None:
            return missing(request)
        with tenant_scope(tenant):
            app = app_current(tenant_id=tenant.pk)
            if app is None or (not prefix and radar_link(tenant=tenant, token=place) is None):
                return missing(request)
            response = HttpResponseRedirect(reverse(PLACES[prefix], kwargs={"token": token}))
            is_own = request.COOKIES.get(_nonce_cookie(app), "") == state["n"]
            who = _who(app, request.GET.get("code", "")) if is_own else ("", "")
            days = preferences.value(tenant.pk, IDENTITY_DAYS)
            lasts = timedelta(days=days) if any(who) else timedelta(minutes=UNKNOWN_MINUTES)
            identity_write(response, app, external=who[0], staff=who[1], lasts=lasts)
            response.delete_cookie(_nonce_cookie(app), path="/r/")
            response["Cache-Control"] = "no-store"
            return response


def state_make(token: str, nonce: str) -> str:
    """What we send along, signed: the link and this browser. WeCom carries letters and digits, at most 128 bytes."""
    until = int((clock.now() + timedelta(minutes=STATE_MINUTES)).timestamp())
    told = f"{until:08x}{nonce}{token.encode().hex()}"
    return _mac(told) + told


def _mac(told: str) -> str:
    return salted_hmac(STATE_SALT, told, algorithm="sha256").hexdigest()[:32]


def _state(raw: str) -> dict[str, str]:
    """{"t": token, "n": nonce} of what we sent along, or {} when it is forged or too old."""
    mac, told = raw[:32], raw[32:]
    if not constant_time_compare(_mac(told), mac) or int(told[:8], 16) <= clock.now().timestamp():
        return {}
    return {"n": told[8:24], "t": bytes.fromhex(told[24:]).decode()}


def _who(app: "App", code: str) -> tuple[str, str]:
    """(external_userid, userid); both empty when WeCom names nobody: the visitor goes on, unknown."""
    try:
        found = oauth_identity(app=app, code=code)
    except WecomError:
        return "", ""
    return found.external_userid, found.userid


def in_wechat(request: HttpRequest) -> bool:
    """Whether the visitor reads inside WeChat or WeCom, where silent OAuth names him."""
    agent = request.headers.get("user-agent", "").lower()
    return any(name in agent for name in _IN_WECHAT)


def missing(request: HttpRequest) -> HttpResponse:
    """A link that leads nowhere: said plainly, 404."""
    return render(request, "content/radar_missing.html", status=404, partial="content/radar_missing.html")
