"""Every URL of the product.

/t/<slug>/...        the console: the slug decides the tenant (tenants.middleware)
/m/<slug>/...        staff pages on the phone: identity from WeCom OAuth (team.phone)
/wecom/callback/...  callbacks; /api/v1/... the event API; /r/<token> radar links
/healthz, /readyz    this process lives; it can serve, part by part; /metrics for Prometheus. For machines inside:
                     nginx closes them to the outside (scrm.probes)
"""

from types import ModuleType

from django.contrib import admin
from django.urls import URLResolver, include, path

from analytics import urls as analytics_urls
from campaigns import urls as campaigns_urls
from console import urls as console_urls
from contacts import urls as contacts_urls
from content import urls as content_urls
from groups import urls as groups_urls
from leads import urls as leads_urls
from scrm import platform_admin, probes
from sop import urls as sop_urls
from team import urls as team_urls
from wecom import urls as wecom_urls

PRODUCT: list[ModuleType] = [
    console_urls, team_urls, wecom_urls, contacts_urls, content_urls, groups_urls, leads_urls, sop_urls, campaigns_urls,
    analytics_urls,
]  # fmt: skip


def _mounted(prefix: str, attribute: str, suffix: str) -> list[URLResolver]:
    return [
        path(prefix, include((getattr(module, attribute), f"{module.app_name}{suffix}")))
        for module in PRODUCT
        if getattr(module, attribute)
    ]


urlpatterns = [
    path("admin/operations/", platform_admin.index, name="platform_operations"),
    path("admin/operations/<int:tenant_id>/", platform_admin.detail, name="platform_operations_tenant"),
    path("admin/", admin.site.urls),
    *(path(name, view) for name, view in probes.PATHS.items()),  # answered by probes.ProbesFirst
    path("accounts/", include("allauth.urls")),
    *_mounted("", "public_urlpatterns", "_public"),
    *_mounted("t/<slug:tenant_slug>/", "urlpatterns", ""),
    *_mounted("m/<slug:phone_slug>/", "phone_urlpatterns", "_phone"),
]
