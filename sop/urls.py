"""URLs of sop: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path
from django.views import View

app_name = "sop"
urlpatterns: list[URLPattern] = [path("sop/touches/", View.as_view(), name="touches")]
phone_urlpatterns: list[URLPattern] = [path("send/<int:pk>/", View.as_view(), name="forward")]
public_urlpatterns: list[URLPattern] = []
