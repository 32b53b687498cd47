"""Every URL of the product.

/t/<slug>/...        the console: the slug decides the tenant (tenants.middleware)
/m/<slug>/...        staff pages on the phone: identity from WeCom OAuth (team.phone)
/wecom/callback/...  callbacks; /api/v1/... the event API; /r/<token> radar links
/health/             200 while PostgreSQL and Valkey answer; for load balancers, closed to the outside by nginx
"""

from types import ModuleType

from django.contrib import admin
from django.urls import URLResolver, include, path
from health_check.views import HealthCheckView

from analytics import urls as analytics_urls
from console import urls as console_urls
from contacts import urls as contacts_urls
from content import urls as content_urls
from groups import urls as groups_urls
from leads import urls as leads_urls
from sop import urls as sop_urls
from team import urls as team_urls
from wecom import urls as wecom_urls

PRODUCT: list[ModuleType] = [
    console_urls, team_urls, wecom_urls, contacts_urls, content_urls, groups_urls, leads_urls, sop_urls, analytics_urls,
]  # fmt: skip


def _mounted(prefix: str, attribute: str, suffix: str) -> list[URLResolver]:
    return [
        path(prefix, include((getattr(module, attribute), f"{module.app_name}{suffix}")))
        for module in PRODUCT
        if getattr(module, attribute)
    ]


urlpatterns = [
    path("admin/", admin.site.urls),
    path(
        "health/",
        HealthCheckView.as_view(checks=["health_check.checks.Database", "health_check.checks.Cache"]),
    ),
    path("accounts/", include("allauth.urls")),
    *_mounted("", "public_urlpatterns", "_public"),
    *_mounted("t/<slug:tenant_slug>/", "urlpatterns", ""),
    *_mounted("m/<slug:phone_slug>/", "phone_urlpatterns", "_phone"),
]
