"""URLs of groups: the console's under /t/<slug>/."""

from django.urls import URLPattern, path, re_path

from groups.views import detail, lists, readiness

app_name = "groups"
urlpatterns: list[URLPattern] = [
    path("groups/", lists.GroupListPage.as_view(), name="list"),
    path("groups/new/", lists.GroupPlanPage.as_view(), name="plan"),
    re_path(r"^groups/bulk/(?P<verb>kind|freeze|unfreeze)/$", lists.GroupBulkPage.as_view(), name="bulk"),
    path("groups/<int:pk>/", detail.GroupDetailPage.as_view(), name="detail"),
    path("groups/<int:pk>/move/", detail.GroupMovePage.as_view(), name="move"),
    path("groups/<int:pk>/readiness/", readiness.ReadinessPage.as_view(), name="readiness"),
    re_path(
        r"^groups/(?P<pk>\d+)/fix/(?P<what>week|welcome|ending)/$", readiness.FixPage.as_view(), name="fix"
    ),
    path("groups/<int:pk>/approve/", readiness.ApprovePage.as_view(), name="approve"),
    path("groups/<int:pk>/go-live/", readiness.GoLivePage.as_view(), name="go_live"),
]
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = []
