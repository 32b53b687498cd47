"""URLs of analytics: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern

app_name = "analytics"
urlpatterns: list[URLPattern] = []
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = []
