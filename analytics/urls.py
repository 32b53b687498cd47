"""URLs of analytics: the console's under /t/<slug>/."""

from django.urls import URLPattern, path

from analytics import views
from analytics.views.order_classes import OrderClassesPage, OrderClassView
from analytics.views.paths import PathPeoplePage, PathsPage

app_name = "analytics"
urlpatterns: list[URLPattern] = [
    path("insights/", views.CampsPage.as_view(), name="camps"),
    path("insights/camps/<int:run_pk>/", views.CampPage.as_view(), name="camp"),
    path("insights/camps/<int:run_pk>/orders/", views.CampOrdersView.as_view(), name="camp_orders"),
    path("insights/execution/", views.ExecutionPage.as_view(), name="execution"),
    path("insights/paths/", PathsPage.as_view(), name="paths"),
    path("insights/paths/people/", PathPeoplePage.as_view(), name="path_people"),
    path("insights/orders/", OrderClassesPage.as_view(), name="order_classes"),
    path("insights/orders/class/", OrderClassView.as_view(), name="order_class"),
    path("insights/metrics/", views.MetricsPage.as_view(), name="metrics"),
    path("insights/people/", views.PeoplePage.as_view(), name="people"),
]
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = []
