"""The page of a value event on a customer's phone: sign up, check in, see the replay (R64).

Who visits is told by WeCom's silent sign-in, never by the address; it works without JavaScript.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views import View

from console import formats
from console.pages import render
from content.policies.radar import Identity, is_bot
from content.selectors import radar_tenant
from content.views.visitors import ask_who, identity_read, in_wechat, missing, visiting_customer
from sop.enums import EventState, SignupOrigin
from sop.errors import EventClosed, EventFull
from sop.policies.value_events import door
from sop.selectors.value_events import event_by_token, signed_count, signup_of
from sop.services.signups import came_mark, replay_seen, sign_up, withdraw
from tenants import clock
from tenants.pace import within_minute
from tenants.scoping import tenant_scope
from wecom.selectors import app_current

if TYPE_CHECKING:
    from contacts.models import Customer
    from sop.models import ValueEvent
    from tenants.models import Tenant
    from wecom.models import App

CHECK_IN_BEFORE = CHECK_IN_AFTER = timedelta(hours=1)
TRIES_A_MINUTE = 60  # of one event by one address: a whole camp may come by one proxy


class EventPhoneView(View):
    """/r/e/<token>: the event, or its check-in, for whoever WeCom says is here."""

    http_method_names = ["get", "head", "post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        token = kwargs["token"]
        tenant = radar_tenant(token)
        if tenant is None:
            return missing(request)
        with tenant_scope(tenant):
            found = event_by_token(tenant_id=tenant.pk, token=token)
            if found is None:
                return missing(request)
            if _is_too_often(found[0], request.META.get("REMOTE_ADDR", "")):
                stop = (_("Too many tries"), _("Wait a minute, then open the link again."))
                return _answer(request, {"stop": stop}, 429)
            app = app_current(tenant_id=tenant.pk)
            identity, was_asked = identity_read(request, app) if app else (None, True)
            asks = request.method == "GET" and not is_bot(request.headers.get("user-agent", ""))
            if app is not None and not was_asked and asks and in_wechat(request):
                return ask_who(request, app, f"e/{token}")
            return self._serve(request, tenant, found, app, identity)

    def _serve(
        self, request: HttpRequest, tenant: "Tenant", found: "tuple[ValueEvent, bool]", app: "App | None",
        identity: Identity | None,
    ) -> HttpResponse:  # fmt: skip
        event, is_check_in = found
        customer = visiting_customer(tenant, app, identity)
        said = ""
        if request.method == "POST" and customer is not None:
            said = self._act(request, tenant, event, customer, is_check_in)
        elif request.GET.get("replay") and event.replay_url:
            if customer is not None and request.method == "GET":
                replay_seen(tenant=tenant, event_id=event.pk, customer_id=customer.pk)
            return _to_replay(event)
        return _answer(request, _context(tenant, event, customer, is_check_in, said, identity))

    def _act(
        self,
        request: HttpRequest,
        tenant: "Tenant",
        event: "ValueEvent",
        customer: "Customer",
        is_check_in: bool,
    ) -> str:
        try:
            if is_check_in:
                if (
                    clock.now() < event.starts_at - CHECK_IN_BEFORE
                    or clock.now() > event.ends_at + CHECK_IN_AFTER
                ):
                    return _("Check-in is open from an hour before it begins until an hour after it ends.")
                came_mark(
                    tenant=tenant, event_id=event.pk, customer_id=customer.pk, has_come=True,
                    origin=SignupOrigin.PAGE,
                )  # fmt: skip
            elif request.POST.get("act") == "withdraw":
                withdraw(tenant=tenant, event_id=event.pk, customer_id=customer.pk)
            else:
                sign_up(tenant=tenant, event_id=event.pk, customer_id=customer.pk)
        except (EventFull, EventClosed) as error:
            return str(error.message)
        return ""


def _context(
    tenant: "Tenant", event: "ValueEvent", customer: "Customer | None", is_check_in: bool, said: str,
    identity: Identity | None,
) -> dict[str, Any]:  # fmt: skip
    row = signup_of(event=event, customer_id=customer.pk) if customer else None
    signed = signed_count(event=event)
    is_signed = row is not None and row.signed_at is not None and row.withdrawn_at is None
    return {
        "event": event,
        "begins": formats.moment(
            clock.local(event.starts_at, tenant.timezone), clock.local(clock.now(), tenant.timezone),
            get_language() or "",
        ),
        "brand": tenant.brand or tenant.name,
        "customer": customer,
        "is_check_in": is_check_in,
        "is_staff": identity is not None and identity.is_staff,
        "has_come": row is not None and row.came_at is not None,
        "said": said,
        "has_begun": clock.now() >= event.starts_at,
        "left": max(event.capacity - signed, 0) if event.capacity is not None else None,
        "door": door(
            now=clock.now(), ends_at=event.ends_at, is_cancelled=event.state == EventState.CANCELLED,
            is_signed=is_signed, signed=signed, capacity=event.capacity,
        ).value,
    }  # fmt: skip


def _to_replay(event: "ValueEvent") -> HttpResponse:
    response = HttpResponseRedirect(event.replay_url)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _is_too_often(event: "ValueEvent", address: str) -> bool:
    key = f"sop.event:{event.tenant_id}:{event.pk}:{address}"
    return not within_minute(key, TRIES_A_MINUTE)


def _answer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "sop/event_phone.html", context, status=status, partial="sop/event_phone.html")
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    return response
