"""URLs of wecom: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView

from wecom.api import EventsView
from wecom.views.callback import CallbackView
from wecom.views.docs import api_docs

app_name = "wecom"
urlpatterns: list[URLPattern] = []
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = [
    path("wecom/callback/<slug:slug>", CallbackView.as_view(), name="callback"),
    path("api/v1/events", EventsView.as_view(), name="api_events"),
    path("api/schema", SpectacularAPIView.as_view(permission_classes=[]), name="api_schema"),
    path("api/docs", api_docs, name="api_docs"),
]
