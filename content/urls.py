"""URLs of content: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path, re_path

from content import phone
from content.views import radar, scripts, surveys

app_name = "content"
urlpatterns: list[URLPattern] = [
    path("scripts/", scripts.ScriptListPage.as_view(), name="scripts"),
    path("scripts/new/", scripts.ScriptPage.as_view(), name="script_new"),
    path("scripts/<int:pk>/", scripts.ScriptPage.as_view(), name="script"),
    re_path(
        r"^scripts/(?P<pk>\d+)/(?P<verb>archive|restore)/$",
        scripts.ScriptVerbView.as_view(),
        name="script_verb",
    ),
    path("scripts/searched/settle/", scripts.AskSettleView.as_view(), name="ask_settle"),
    path("scripts/asked/<int:pk>/drop/", scripts.MissDropView.as_view(), name="miss_drop"),
]
phone_urlpatterns: list[URLPattern] = [
    path("scripts/", phone.ScriptsPage.as_view(), name="scripts"),
    path("scripts/missing/", phone.MissView.as_view(), name="script_missing"),
    path("scripts/<int:pk>/used/", phone.ScriptUsedView.as_view(), name="script_used"),
    path(
        "customer/<str:external_userid>/scripts/",
        phone.CustomerScriptsPage.as_view(),
        name="customer_scripts",
    ),
]
public_urlpatterns: list[URLPattern] = [
    path("r/oauth", radar.RadarOAuthView.as_view(), name="radar_oauth"),
    path("r/f/<str:token>", surveys.SurveyView.as_view(), name="survey"),
    path("r/<str:token>", radar.RadarView.as_view(), name="radar"),
]
