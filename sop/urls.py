"""URLs of sop: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path, re_path

from sop import phone
from sop.views import (
    certificates,
    library,
    push,
    push_drawers,
    runs,
    templates,
    topics,
    touches,
    value_event_phone,
    value_events,
    versions,
)

app_name = "sop"
urlpatterns: list[URLPattern] = [
    path("sop/", library.TemplatesPage.as_view(), name="templates"),
    path("sop/new/", templates.BlankPage.as_view(), name="blank"),
    path("sop/builtin/<slug:code>/", library.BuiltinPage.as_view(), name="clone"),
    path("sop/import/", library.ImportPage.as_view(), name="import"),
    path("sop/templates/<int:pk>/rename/", library.RenamePage.as_view(), name="rename"),
    path("sop/templates/<int:pk>/<slug:verb>/", library.ShelveView.as_view(), name="shelve"),
    path("sop/versions/<int:pk>/file/", library.FileView.as_view(), name="file"),
    path("sop/versions/<int:pk>/", templates.VersionPage.as_view(), name="version"),
    path("sop/versions/<int:pk>/changes/", versions.DiffPage.as_view(), name="diff"),
    path("sop/versions/<int:pk>/restore/", versions.RestorePage.as_view(), name="restore"),
    path("sop/versions/<int:pk>/kind/", templates.KindView.as_view(), name="kind"),
    path("sop/versions/<int:pk>/publish/", templates.PublishView.as_view(), name="publish"),
    path("sop/versions/<int:pk>/draft/", templates.DraftPage.as_view(), name="draft"),
    path("sop/versions/<int:pk>/steps/new/", templates.StepPage.as_view(), name="step_new"),
    path("sop/versions/<int:pk>/steps/<int:step_pk>/", templates.StepPage.as_view(), name="step"),
    path(
        "sop/versions/<int:pk>/steps/<int:step_pk>/remove/",
        templates.StepRemoveView.as_view(),
        name="step_remove",
    ),
    path("sop/runs/", runs.RunsPage.as_view(), name="runs"),
    path("sop/runs/new/", runs.RunNewPage.as_view(), name="run_new"),
    path("sop/runs/new/preview/", runs.RunPreviewView.as_view(), name="run_preview"),
    path("sop/runs/<int:pk>/", runs.RunPage.as_view(), name="run"),
    path("sop/runs/<int:pk>/cancel/", runs.RunCancelPage.as_view(), name="run_cancel"),
    path("sop/runs/<int:pk>/offer/", runs.RunOfferPage.as_view(), name="run_offer"),
    path("sop/runs/<int:pk>/version/", versions.RunMovePage.as_view(), name="run_move"),
    path("sop/runs/<int:pk>/groups/", runs.RunGroupsPage.as_view(), name="run_groups"),
    path("sop/certificates/", certificates.CertificatesPage.as_view(), name="certificates"),
    path("sop/certificates/<int:pk>/", certificates.CertificatePage.as_view(), name="certificate"),
    path(
        "sop/certificates/<int:pk>/<slug:verb>/",
        certificates.CertificateActView.as_view(),
        name="certificate_act",
    ),
    path("library/week/", push.WeekPage.as_view(), name="week"),
    path("library/week/<int:pk>/exempt/", push_drawers.WeekExemptPage.as_view(), name="week_exempt"),
    path("library/week/<int:pk>/copy/", push_drawers.WeekCopyPage.as_view(), name="week_copy"),
    path("library/week/<int:pk>/slot/<slug:place>/", push_drawers.SlotPage.as_view(), name="week_slot"),
    path("library/week/<int:pk>/<slug:verb>/", push.WeekActView.as_view(), name="week_act"),
    path("library/topics/", topics.TopicsPage.as_view(), name="topics"),
    path("library/topics/new/", topics.TopicPage.as_view(), name="topic_new"),
    path("library/topics/take/", topics.TopicsTakeView.as_view(), name="topics_take"),
    path("library/topics/openers/", topics.OpenersPage.as_view(), name="topic_openers"),
    path("library/topics/<int:pk>/", topics.TopicPage.as_view(), name="topic"),
    path("library/topics/<int:pk>/<slug:verb>/", topics.TopicVerbView.as_view(), name="topic_verb"),
    path("library/events/", value_events.EventsPage.as_view(), name="events"),
    path("library/events/new/", value_events.EventFormPage.as_view(), name="event_new"),
    path("library/events/<int:pk>/", value_events.EventPage.as_view(), name="event"),
    path("library/events/<int:pk>/edit/", value_events.EventFormPage.as_view(), name="event_edit"),
    path("library/events/<int:pk>/cancel/", value_events.EventCancelPage.as_view(), name="event_cancel"),
    path("library/events/<int:pk>/replay/", value_events.EventReplayPage.as_view(), name="event_replay"),
    path(
        "library/events/<int:pk>/attendance/",
        value_events.EventAttendancePage.as_view(),
        name="event_attendance",
    ),
    re_path(
        r"^library/events/(?P<pk>\d+)/people/(?P<other_pk>\d+)/(?P<verb>came|absent|signed)/$",
        value_events.EventPersonView.as_view(),
        name="event_person",
    ),
    path("sop/touches/", touches.TouchesPage.as_view(), name="touches"),
    path("sop/touches/<int:pk>/", touches.TouchDrawer.as_view(), name="touch"),
    path("sop/touches/<int:pk>/<slug:verb>/", touches.TouchVerbView.as_view(), name="touch_verb"),
]
phone_urlpatterns: list[URLPattern] = [
    path("send/<int:pk>/", phone.ForwardView.as_view(), name="forward"),
]
public_urlpatterns: list[URLPattern] = [
    path("r/e/<str:token>", value_event_phone.EventPhoneView.as_view(), name="event"),
]
