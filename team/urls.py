"""URLs of team: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path, re_path

from team.phone.entry import EntryPage, JsConfigView
from team.phone.sign_in import LoginView, OAuthView
from team.phone.tasks import TaskActView, TasksPage
from team.views import access, login, notices
from team.views.approvals import ApprovalsPage, DecideView, WithdrawView
from team.views.handover import HandoverPack, HandoverPage
from team.views.load import LoadPage
from team.views.profile import DayOffView, KindView, ProfilePage, ShiftsView
from team.views.ranking import RankingCasesPage, RankingPage, RankingPersonPage
from team.views.roles import RolesPage
from team.views.staff import StaffLinkPage, StaffListPage
from team.views.today import ItemActView, TodayPage

app_name = "team"
urlpatterns: list[URLPattern] = [
    path("", TodayPage.as_view(), name="today"),
    path("today/items/<int:pk>/<str:verb>", ItemActView.as_view(), name="item_act"),
    path("approvals/", ApprovalsPage.as_view(), name="approvals"),
    path("approvals/<int:pk>/withdraw", WithdrawView.as_view(), name="approval_withdraw"),
    re_path(r"^approvals/(?P<pk>\d+)/(?P<verb>grant|refuse)$", DecideView.as_view(), name="approval_decide"),
    path("notices/", notices.NoticesPage.as_view(), name="notices"),
    path("notices/<int:pk>/", notices.NoticeOpen.as_view(), name="notice_open"),
    path("notices/read/", notices.NoticesReadAll.as_view(), name="notices_read"),
    path("notices/settings/", notices.NoticeChoices.as_view(), name="notice_choices"),
    path("notices/settings/test/", notices.NoticeTest.as_view(), name="notice_test"),
    path("notices/settings/mute/<str:span>/", notices.NoticeMute.as_view(), name="notice_mute"),
    path("team/load/", LoadPage.as_view(), name="load"),
    path("team/ranking/", RankingPage.as_view(), name="ranking"),
    path("team/<int:pk>/ranking/", RankingPersonPage.as_view(), name="ranking_person"),
    path("team/<int:pk>/ranking/<slug:figure>/", RankingCasesPage.as_view(), name="ranking_cases"),
    path("team/roles/", RolesPage.as_view(), name="roles"),
    path("team/<int:pk>/", ProfilePage.as_view(), name="profile"),
    path("team/<int:pk>/kind/<str:kind>", KindView.as_view(), name="kind"),
    path("team/<int:pk>/shifts/", ShiftsView.as_view(), name="shifts"),
    path("team/<int:pk>/day-off/", DayOffView.as_view(), name="day_off"),
    path("team/", StaffListPage.as_view(), name="staff_list"),
    path("team/<int:pk>/handover/", HandoverPage.as_view(), name="handover"),
    path("team/<int:pk>/handover/pack.xlsx", HandoverPack.as_view(), name="handover_pack"),
    path("team/<int:pk>/login/", StaffLinkPage.as_view(), name="staff_link"),
    path("settings/members/staff/", access.StaffAccessPage.as_view(), name="access"),
    path("settings/members/staff/<int:pk>/let-in/", access.LetInView.as_view(), name="let_in"),
    path("settings/members/staff/<int:pk>/unlink/", access.UnlinkView.as_view(), name="unlink"),
]
phone_urlpatterns: list[URLPattern] = [
    path("", TasksPage.as_view(), name="tasks"),
    path("login/", LoginView.as_view(), name="login"),
    path("oauth/", OAuthView.as_view(), name="oauth"),
    path("side/", EntryPage.as_view(), name="entry"),
    path("js-config", JsConfigView.as_view(), name="js_config"),
    path("items/<int:pk>/<str:verb>", TaskActView.as_view(), name="item_act"),
]
public_urlpatterns: list[URLPattern] = [
    path("login/", login.FindPage.as_view(), name="login"),
    path("login/<slug:slug>/", login.CompanyPage.as_view(), name="login_company"),
    path("login/<slug:slug>/wecom/", login.StartView.as_view(), name="login_start"),
    path("login/<slug:slug>/back/", login.BackView.as_view(), name="login_back"),
]
