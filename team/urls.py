"""URLs of team: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path

from team.phone.sign_in import LoginView, OAuthView
from team.phone.tasks import TaskActView, TasksPage
from team.views.staff import StaffLinkPage, StaffListPage
from team.views.today import ItemActView, TodayPage

app_name = "team"
urlpatterns: list[URLPattern] = [
    path("", TodayPage.as_view(), name="today"),
    path("today/items/<int:pk>/<str:verb>", ItemActView.as_view(), name="item_act"),
    path("team/", StaffListPage.as_view(), name="staff_list"),
    path("team/<int:pk>/login/", StaffLinkPage.as_view(), name="staff_link"),
]
phone_urlpatterns: list[URLPattern] = [
    path("", TasksPage.as_view(), name="tasks"),
    path("login/", LoginView.as_view(), name="login"),
    path("oauth/", OAuthView.as_view(), name="oauth"),
    path("items/<int:pk>/<str:verb>", TaskActView.as_view(), name="item_act"),
]
public_urlpatterns: list[URLPattern] = []
