"""URLs of analytics: the console's under /t/<slug>/."""

from django.urls import URLPattern, path

from analytics import views
from analytics.views.channels import ChannelQualityPage, ChannelQualityPeople
from analytics.views.cohorts import CohortPeoplePage, CohortsPage
from analytics.views.days import DayMovesPage, DayPeoplePage, LeaguePage, OverviewPage
from analytics.views.flows import FlowPeoplePage, FlowsPage
from analytics.views.funnels import (
    FunnelActView,
    FunnelNewPage,
    FunnelPage,
    FunnelPeoplePage,
    FunnelsPage,
    FunnelWaysView,
)
from analytics.views.order_classes import OrderClassesPage, OrderClassView
from analytics.views.paths import PathPeoplePage, PathsPage
from analytics.views.related import RelatedDropView, RelatedNewPage, RelatedPage, ScorePage
from analytics.views.stars import ServePage, StarChangePage, StarNewPage, StarPage, StarsPage

app_name = "analytics"
urlpatterns: list[URLPattern] = [
    path("insights/", OverviewPage.as_view(), name="overview"),
    path("insights/groups/", LeaguePage.as_view(), name="league"),
    path("insights/days/people/", DayPeoplePage.as_view(), name="day_people"),
    path("insights/days/moves/", DayMovesPage.as_view(), name="day_moves"),
    path("insights/camps/", views.CampsPage.as_view(), name="camps"),
    path("insights/camps/<int:run_pk>/", views.CampPage.as_view(), name="camp"),
    path("insights/camps/<int:run_pk>/orders/", views.CampOrdersView.as_view(), name="camp_orders"),
    path("insights/channels/", ChannelQualityPage.as_view(), name="channels"),
    path("insights/channels/people/", ChannelQualityPeople.as_view(), name="channel_people"),
    path("insights/cohorts/", CohortsPage.as_view(), name="cohorts"),
    path("insights/cohorts/people/", CohortPeoplePage.as_view(), name="cohort_people"),
    path("insights/execution/", views.ExecutionPage.as_view(), name="execution"),
    path("insights/flows/", FlowsPage.as_view(), name="flows"),
    path("insights/flows/people/", FlowPeoplePage.as_view(), name="flow_people"),
    path("insights/funnels/", FunnelsPage.as_view(), name="funnels"),
    path("insights/funnels/new/", FunnelNewPage.as_view(), name="funnel_new"),
    path("insights/funnels/ways/", FunnelWaysView.as_view(), name="funnel_ways"),
    path("insights/funnels/<int:pk>/", FunnelPage.as_view(), name="funnel"),
    path("insights/funnels/<int:pk>/people/", FunnelPeoplePage.as_view(), name="funnel_people"),
    path("insights/funnels/<int:pk>/<slug:verb>/", FunnelActView.as_view(), name="funnel_act"),
    path("insights/paths/", PathsPage.as_view(), name="paths"),
    path("insights/paths/people/", PathPeoplePage.as_view(), name="path_people"),
    path("insights/orders/", OrderClassesPage.as_view(), name="order_classes"),
    path("insights/orders/class/", OrderClassView.as_view(), name="order_class"),
    path("insights/metrics/", views.MetricsPage.as_view(), name="metrics"),
    path("insights/people/", views.PeoplePage.as_view(), name="people"),
    path("insights/related/<int:pk>/", RelatedPage.as_view(), name="related"),
    path("insights/related/<int:pk>/drop/", RelatedDropView.as_view(), name="related_drop"),
    path("insights/related/<int:pk>/score/", ScorePage.as_view(), name="score"),
    path("insights/serves/<slug:kind>/<int:pk>/", ServePage.as_view(), name="serve"),
    path("insights/stars/", StarsPage.as_view(), name="stars"),
    path("insights/stars/new/", StarNewPage.as_view(), name="star_new"),
    path("insights/stars/<int:pk>/", StarPage.as_view(), name="star"),
    path("insights/stars/<int:pk>/related/", RelatedNewPage.as_view(), name="related_new"),
    path("insights/stars/<int:pk>/change/", StarChangePage.as_view(), name="star_change"),
]
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = []
