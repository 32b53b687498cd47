"""Settings: members, preferences, API keys, the audit trail, one's own account."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from console import nav, selectors
from console.forms import ProfileForm
from console.pages import ConsoleView, FormPage, TemplatePage, go, render, toast
from console.preferences_form import preferences_form
from tenants import services
from tenants.enums import Permission, Role
from tenants.forms import ApiKeyForm, InvitationForm, RoleForm
from tenants.roles import PERMISSIONS, allows
from tenants.selectors import api_key_list, invitation_list_open, member_list


@dataclass(frozen=True)
class RoleRow:
    """A role and what it may do, for the table under the members."""

    label: Any
    allowed: list[bool]


class Index(TemplatePage):
    """All settings the visitor may open."""

    template_name = "console/settings.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"entries": [one for one in nav.settings() if self.can(one.permission)]}


class Managed(ConsoleView):
    """Everything here changes the company: owners only."""

    permission = Permission.MANAGE
    write_permission = Permission.MANAGE

    def back(self, name: str) -> HttpResponse:
        return HttpResponseRedirect(self.url(name))


class Members(Managed, TemplatePage):
    """Who belongs to the company, with which role, and which links still wait."""

    template_name = "console/members.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant = self.request.tenant
        roles = [
            RoleRow(Role(role).label, [one in PERMISSIONS[role] for one in Permission])
            for role in Role.values
        ]
        members = list(member_list(tenant=tenant))
        columns = [(label, notes(tenant, [one.pk for one in members])) for label, notes in nav.member_notes()]
        return {
            "members": [(one, [told.get(one.pk, "") for _label, told in columns]) for one in members],
            "note_labels": [label for label, _told in columns], "invitations": invitation_list_open(tenant=tenant),
            "role_choices": Role.choices, "role_rows": roles, "permissions": [one.label for one in Permission],
        }  # fmt: skip


class Invite(Managed):
    """Make a link for one person; the link is shown once, on the answer to the POST."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(InvitationForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InvitationForm(request.POST)
        if not form.is_valid():
            return self._show(form, status=422)
        made, token = services.invitation_create(
            tenant=self.request.tenant, actor=self.request.actor, **form.cleaned_data
        )
        link = request.build_absolute_uri(reverse("console_public:invite", kwargs={"token": token}))
        return self._show(InvitationForm(), link=link, made=made)

    def _show(self, form: InvitationForm, status: int = 200, **more: Any) -> HttpResponse:
        return render(self.request, "console/member_invite.html", {"form": form, **more}, status=status)


class MemberRole(Managed):
    """Give a member another role."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = RoleForm(request.POST)
        if not form.is_valid():
            raise Http404
        member = services.member_set_role(
            tenant=self.request.tenant, member_id=pk, role=form.cleaned_data["role"], actor=self.request.actor
        )
        toast(request, _("%(who)s is now: %(role)s") % {"who": member.user, "role": Role(member.role).label})
        return self.back("console:members")


class MemberRemove(Managed):
    """End a membership."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        services.member_remove(tenant=self.request.tenant, member_id=pk, actor=self.request.actor)
        toast(request, _("The member was removed. What they did stays in the records."))
        return self.back("console:members")


class MemberResume(Managed):
    """Let a suspended member in again."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        member = services.member_resume(tenant=self.request.tenant, member_id=pk, actor=self.request.actor)
        toast(request, _("%(name)s may enter again.") % {"name": member.user})
        return go(request, self.url("console:members"))


class InvitationRevoke(Managed):
    """Make a waiting link useless."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        services.invitation_revoke(tenant=self.request.tenant, invitation_id=pk, actor=self.request.actor)
        toast(request, _("The link no longer works."))
        return self.back("console:members")


class Preferences(Managed):
    """Every number of the product that a company may choose."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(preferences_form(self.request.tenant.pk))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = preferences_form(self.request.tenant.pk, request.POST)
        if not form.is_valid():
            return self._show(form, status=422)
        changed = form.changed()
        with transaction.atomic():
            for setting, value in changed:
                services.preference_set(
                    tenant=self.request.tenant, setting=setting, raw=value, actor=self.request.actor
                )
        said = (
            _("%(n)s settings are changed.") % {"n": len(changed)} if changed else _("Nothing was changed.")
        )
        toast(request, said)
        return self.back("console:preferences")

    def _show(self, form: Any, status: int = 200) -> HttpResponse:
        context = {"form": form, "groups": form.groups()}
        return render(self.request, "console/preferences.html", context, status=status)


class ApiKeys(Managed):
    """Keys of the company's own systems; a new key's secret is shown once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._show(ApiKeyForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ApiKeyForm(request.POST)
        if not form.is_valid():
            return self._show(form, status=422)
        made, secret = services.api_key_create(
            tenant=self.request.tenant, name=form.cleaned_data["name"], actor=self.request.actor
        )
        return self._show(ApiKeyForm(), made=made, secret=secret)

    def _show(self, form: ApiKeyForm, status: int = 200, **more: Any) -> HttpResponse:
        context = {"form": form, "keys": api_key_list(tenant=self.request.tenant), **more}
        return render(self.request, "console/api_keys.html", context, status=status)


class ApiKeyRevoke(Managed):
    """Make a key useless at once."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        services.api_key_revoke(tenant=self.request.tenant, key_id=pk, actor=self.request.actor)
        toast(request, _("The key no longer works."))
        return self.back("console:api_keys")


class Profile(FormPage):
    """One's own name and language, the way to one's own sign-in, and own views."""

    write_permission = Permission.VIEW
    template_name = "console/profile.html"
    form_class = ProfileForm

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        return {"name": self.request.user.name, "language": self.request.user.language}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        own = selectors.view_list_own(tenant=self.request.tenant, user=self.request.user)
        return {"own_views": own, "can_manage": allows(self.request.role, Permission.MANAGE)}

    def done(self, form: Any, **kwargs: Any) -> HttpResponse:
        services.user_update(user=self.request.user, **form.cleaned_data)
        toast(self.request, _("Your account is saved."))
        return HttpResponseRedirect(self.url("console:profile"))
