"""Radar links: who opened what."""

import uuid
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views import View

from content.enums import LinkKind
from content.models import RadarLink
from content.policies.radar import is_bot
from content.selectors import radar_link, radar_tenant
from content.services import click_record
from content.views.visitors import PLACES, ask_who, identity_read, in_wechat, missing
from tenants import clock
from tenants.scoping import tenant_scope
from wecom.selectors import app_current

if TYPE_CHECKING:
    from tenants.models import Tenant


class RadarView(View):
    """/r/<token>: learn who visits, record the click, go to the stored target and nowhere else."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        tenant = radar_tenant(token)
        if tenant is None:
            return missing(request)
        with tenant_scope(tenant):
            link = radar_link(tenant=tenant, token=token)
            if link is None:
                return missing(request)
            if request.method == "HEAD" or is_bot(request.headers.get("user-agent", "")):
                return _go(link)
            return self._visit(request, tenant, link)

    def _visit(self, request: HttpRequest, tenant: "Tenant", link: RadarLink) -> HttpResponse:
        app = app_current(tenant_id=tenant.pk)
        identity, was_asked = identity_read(request, app) if app else (None, True)
        if app is not None and not was_asked and in_wechat(request):
            return ask_who(request, app, link.token)
        click_record(
            link=link,
            identity=identity,
            visitor=identity.external_userid if identity else request.META.get("REMOTE_ADDR", ""),
            request_id=uuid.uuid4().hex,
            at=clock.now(),
        )
        return _go(link)


def _go(link: RadarLink) -> HttpResponse:
    is_pulse = link.kind == LinkKind.PULSE  # asked on a page of ours, which the same token names
    response = HttpResponseRedirect(
        reverse(PLACES["p/"], kwargs={"token": link.token}) if is_pulse else link.target_url
    )
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
