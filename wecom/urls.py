"""URLs of wecom: the console's under /t/<slug>/, the phone's under /m/<slug>/, public ones at the root."""

from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView

from wecom.api import EventsView
from wecom.views import archive, inbox, lost, operations, parked, quota, setup, welcome
from wecom.views.callback import CallbackView
from wecom.views.docs import api_docs

app_name = "wecom"
urlpatterns: list[URLPattern] = [
    path("settings/wecom/", setup.Setup.as_view(), name="setup"),
    path("settings/wecom/status/", setup.SetupStatus.as_view(), name="setup_status"),
    path("settings/wecom/check/", setup.SetupCheck.as_view(), name="setup_check"),
    path("settings/wecom/secret/", setup.SetupSecret.as_view(), name="setup_secret"),
    path("settings/wecom/act/<slug:verb>/", setup.SetupAct.as_view(), name="setup_act"),
    path("settings/operations/", operations.Operations.as_view(), name="operations"),
    path("settings/operations/<slug:verb>/", operations.OperationsAct.as_view(), name="operations_act"),
    path("settings/archive/", archive.ArchivePage.as_view(), name="archive"),
    path("settings/archive/status/", archive.ArchiveStatus.as_view(), name="archive_status"),
    path("settings/archive/check/", archive.ArchiveCheck.as_view(), name="archive_check"),
    path("settings/archive/secret/", archive.ArchiveSecret.as_view(), name="archive_secret"),
    path("settings/archive/act/<slug:verb>/", archive.ArchiveAct.as_view(), name="archive_act"),
    path("settings/archive/keys/", archive.ArchiveKeyPaste.as_view(), name="archive_key"),
    path("settings/archive/keys/<int:pk>/", archive.ArchiveKeyVersion.as_view(), name="archive_version"),
    path("settings/archive/consents.csv", archive.ConsentExport.as_view(), name="archive_consents"),
    path("archive/files/<int:pk>/", archive.ArchiveFile.as_view(), name="archive_file"),
    path("settings/wecom/missed/", lost.Lost.as_view(), name="lost"),
    path("settings/welcome/", welcome.WelcomePage.as_view(), name="welcome"),
    path("settings/welcome/preview/", welcome.WelcomePreview.as_view(), name="welcome_preview"),
    path("settings/welcome/parts/add/", welcome.WelcomePart.as_view(), name="welcome_part"),
    path(
        "settings/welcome/parts/<int:number>/remove/",
        welcome.WelcomePartRemove.as_view(),
        name="welcome_part_remove",
    ),
    path("media/<int:pk>/", welcome.AssetView.as_view(), name="asset"),
    path("settings/inbox/", inbox.Inbox.as_view(), name="inbox"),
    path("settings/inbox/bulk/<slug:verb>/", inbox.InboxBulk.as_view(), name="inbox_bulk"),
    path("settings/inbox/batches/<str:token>/", inbox.InboxProgress.as_view(), name="inbox_progress"),
    path("settings/inbox/<int:pk>/", inbox.InboxDetail.as_view(), name="inbox_detail"),
    path("settings/inbox/sends/", inbox.Sends.as_view(), name="sends"),
    path("settings/inbox/sends/<int:pk>/", parked.SendDetail.as_view(), name="send_detail"),
    path("settings/inbox/sends/<int:pk>/evidence/", parked.SendEvidence.as_view(), name="send_evidence"),
    path("settings/wecom/limit/", quota.QuotaPage.as_view(), name="quota"),
    path("settings/wecom/limit/<int:pk>/forget/", quota.QuotaForget.as_view(), name="quota_forget"),
]
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = [
    path("wecom/callback/<slug:slug>", CallbackView.as_view(), name="callback"),
    path("api/v1/events", EventsView.as_view(), name="api_events"),
    path("api/schema", SpectacularAPIView.as_view(permission_classes=[]), name="api_schema"),
    path("api/docs", api_docs, name="api_docs"),
]
