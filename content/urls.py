"""URLs of content: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path

from content import views

app_name = "content"
urlpatterns: list[URLPattern] = []
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = [
    path("r/oauth", views.RadarOAuthView.as_view(), name="radar_oauth"),
    path("r/<str:token>", views.RadarView.as_view(), name="radar"),
]
