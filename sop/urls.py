"""URLs of sop: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path

from sop import phone
from sop.views import certificates, library, runs, templates, touches, versions

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
    path("sop/touches/", touches.TouchesPage.as_view(), name="touches"),
    path("sop/touches/<int:pk>/", touches.TouchDrawer.as_view(), name="touch"),
    path("sop/touches/<int:pk>/<slug:verb>/", touches.TouchVerbView.as_view(), name="touch_verb"),
]
phone_urlpatterns: list[URLPattern] = [
    path("send/<int:pk>/", phone.ForwardView.as_view(), name="forward"),
]
public_urlpatterns: list[URLPattern] = []
