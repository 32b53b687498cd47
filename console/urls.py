"""URLs of the console: settings and the frame under /t/<slug>/, home and invitations at the root."""

from django.urls import URLPattern, path

from console.views import audit, frame, public, settings

app_name = "console"
urlpatterns: list[URLPattern] = [
    path("search/", frame.Search.as_view(), name="search"),
    path("bell/", frame.Bell.as_view(), name="bell"),
    path("views/", frame.ViewSave.as_view(), name="view_form"),
    path("views/<int:pk>/delete/", frame.ViewDelete.as_view(), name="view_delete"),
    path("me/", settings.Profile.as_view(), name="profile"),
    path("settings/", settings.Index.as_view(), name="settings"),
    path("settings/members/", settings.Members.as_view(), name="members"),
    path("settings/members/invite/", settings.Invite.as_view(), name="member_invite"),
    path("settings/members/<int:pk>/role/", settings.MemberRole.as_view(), name="member_role"),
    path("settings/members/<int:pk>/remove/", settings.MemberRemove.as_view(), name="member_remove"),
    path("settings/members/<int:pk>/resume/", settings.MemberResume.as_view(), name="member_resume"),
    path(
        "settings/invitations/<int:pk>/revoke/", settings.InvitationRevoke.as_view(), name="invitation_revoke"
    ),
    path("settings/preferences/", settings.Preferences.as_view(), name="preferences"),
    path("settings/api-keys/", settings.ApiKeys.as_view(), name="api_keys"),
    path("settings/api-keys/<int:pk>/revoke/", settings.ApiKeyRevoke.as_view(), name="api_key_revoke"),
    path("settings/audit/", audit.Audit.as_view(), name="audit"),
    path("settings/audit/verify/", audit.AuditVerify.as_view(), name="audit_verify"),
    path("settings/audit/chain.jsonl", audit.AuditFile.as_view(), name="audit_file"),
]
phone_urlpatterns: list[URLPattern] = []
public_urlpatterns: list[URLPattern] = [
    path("", public.Home.as_view(), name="home"),
    path("companies/new/", public.CompanyNew.as_view(), name="company_new"),
    path("language/", public.Language.as_view(), name="language"),
    path("invite/<str:token>", public.Invite.as_view(), name="invite"),
]
