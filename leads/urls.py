"""URLs of leads: the console's under /t/<slug>/."""

from django.http import HttpResponse
from django.urls import URLPattern, path

app_name = "leads"
urlpatterns: list[URLPattern] = [path("leads/<int:pk>/", lambda request, pk: HttpResponse(""), name="detail")]
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = []
