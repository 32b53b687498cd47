"""Super-user groups: the tab with mix, rule and invitations, who qualifies, inviting, and the public page (R16)."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views import View

from console.pages import ConsoleView, FormPage, TemplatePage, drawer_done, go, render, toast
from contacts.policies.tag_rules import conditions_from
from groups.enums import OPEN_INVITES, InviteState, Kind, Question
from groups.errors import MixBroken
from groups.forms.screening import AnswerForm, InviteForm, ScreeningForm
from groups.models import Group, Invitation
from groups.selectors import answers_of
from groups.selectors.screening import (
    LOOKED_AT,
    candidates_named,
    candidates_of,
    conditions_words,
    invitation_get,
    invitation_list,
    public_rule,
    public_tenant,
    rule_choices,
    rule_names,
    rule_of,
    said_of,
    standing_of,
    verdicts_of,
)
from groups.selectors.today import looks_after
from groups.services.invitations import effect_of, invitation_answer, invite, words_for
from groups.services.screening import public_url, screening_publish, screening_save
from groups.views.detail import group_or_404
from team.errors import SignInRefused
from team.phone import PhoneView
from tenants import clock
from tenants.enums import Permission
from tenants.roles import allows
from tenants.scoping import tenant_scope

ROWS_A_PAGE = 50
PICKED_MOST = 50  # people that one press invites


def super_group_or_404(request: HttpRequest, pk: int) -> Group:
    """A super-user group of the tenant; any other is a 404."""
    group = group_or_404(request, pk)
    if group.kind != Kind.SUPER_USER:
        raise Http404
    return group


def super_context(request: Any, group: Group) -> dict[str, Any]:
    """What the tab shows: the mix against its band, the rule, and who was asked."""
    tenant = request.tenant
    rule = rule_of(tenant_id=tenant.pk, group_id=group.pk)
    rows = invitation_list(tenant_id=tenant.pk, group_id=group.pk)
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    conditions = conditions_from(rule.conditions) if rule else ()
    names = rule_names(tenant_id=tenant.pk, conditions=conditions) if rule else {}
    for one in page:
        one.said = said_of(one.evidence, names)  # type: ignore[attr-defined]
    return {
        "standing": standing_of(tenant_id=tenant.pk, group=group), "rule": rule, "page": page,
        "paginator": page.paginator, "page_field": "page", "open_states": list(OPEN_INVITES),
        "rule_said": conditions_words(tenant_id=tenant.pk, conditions=conditions, needs_all=rule.needs_all)
        if rule else "",
        "public_url": public_url(rule) if rule and rule.published_at else "",
        "can_operate": allows(request.role, Permission.OPERATE), "can_work": allows(request.role, Permission.WORK),
    }  # fmt: skip


class ScreeningPage(FormPage):
    """The screening rule of one group."""

    template_name = "groups/screening.html"
    form_class = ScreeningForm
    permission = write_permission = Permission.OPERATE

    def initial(self, **kwargs: Any) -> dict[str, Any]:
        group = super_group_or_404(self.request, kwargs["pk"])
        rule = rule_of(tenant_id=self.request.tenant.pk, group_id=group.pk)
        if rule is None:
            answered = answers_of(tenant_id=self.request.tenant.pk, group_ids=[group.pk]).get(group.pk, {})
            told = answered.get(Question.POSITIONING, {})
            return {"words": told.get("screening", ""), "benefits": told.get("benefits", "")}
        told = {"needs_all": "1" if rule.needs_all else "0", "words": rule.words, "benefits": rule.benefits}
        for line, one in enumerate(conditions_from(rule.conditions), start=1):
            told |= {f"fact_{line}": one.fact, f"at_least_{line}": one.at_least, f"days_{line}": one.days}
        return told

    def form_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return {"facts": rule_choices(tenant_id=self.request.tenant.pk)}

    def context(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": super_group_or_404(self.request, kwargs["pk"])}

    def done(self, form: ScreeningForm, **kwargs: Any) -> HttpResponse:
        told = form.cleaned_data
        screening_save(
            tenant=self.request.tenant, group_id=kwargs["pk"], conditions=form.conditions(),
            needs_all=told["needs_all"], words=told["words"], benefits=told["benefits"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("The rule is saved. Publish it, so that every customer can read it."))
        return go(self.request, f"{self.url('groups:detail', pk=kwargs['pk'])}?tab=super")


class ScreeningPublish(ConsoleView):
    """Open or close the public page."""

    permission = write_permission = Permission.OPERATE
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        group = super_group_or_404(request, pk)
        screening_publish(
            tenant=self.request.tenant,
            group_id=group.pk,
            is_public=verb == "publish",
            actor=self.request.actor,
        )
        said = _("Every customer can read the rule now") if verb == "publish" else _("The page is closed")
        toast(request, said)
        return go(request, f"{self.url('groups:detail', pk=pk)}?tab=super")


class CandidatesPage(TemplatePage):
    """Who meets the rule and sits in no super-user group, each with what was counted."""

    template_name = "groups/candidates.html"
    partial_name = "groups/candidates.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, group = self.request.tenant, super_group_or_404(self.request, kwargs["pk"])
        rule = rule_of(tenant_id=tenant.pk, group_id=group.pk)
        which = self.request.GET.get("which", "")
        found = candidates_of(tenant=tenant, group=group, rule=rule, now=clock.now()) if rule else []
        shown = [
            one for one in found if which not in ("super", "potential") or one.is_super == (which == "super")
        ]
        page = Paginator(shown, ROWS_A_PAGE).get_page(self.request.GET.get("page"))
        return {
            "group": group, "rule": rule, "page": page, "paginator": page.paginator, "page_field": "page",
            "which": which, "total": len(found), "supers": sum(one.is_super for one in found),
            "standing": standing_of(tenant_id=tenant.pk, group=group), "looked_at": LOOKED_AT,
            "can_operate": self.can(Permission.OPERATE),
        }  # fmt: skip


class InvitePage(FormPage):
    """A drawer: the condition, the benefits and what it does to the mix; a broken band asks a second press."""

    template_name = "groups/invite.html"
    form_class = InviteForm
    permission = write_permission = Permission.OPERATE
    asks_reason = False

    def _picked(self) -> list[int]:
        given = self.request.POST if self.request.method == "POST" else self.request.GET
        return [int(one) for one in given.getlist("who") if one.isdecimal() and len(one) < 19][:PICKED_MOST]

    def context(self, **kwargs: Any) -> dict[str, Any]:
        tenant, group = self.request.tenant, super_group_or_404(self.request, kwargs["pk"])
        rule = rule_of(tenant_id=tenant.pk, group_id=group.pk)
        effect = effect_of(tenant_id=tenant.pk, group=group, customer_ids=self._picked())
        people: list[Any] = []
        if rule:
            verdicts = verdicts_of(
                tenant_id=tenant.pk, customer_ids=effect.people, rule=rule, now=clock.now()
            )
            people = candidates_named(
                tenant_id=tenant.pk, customer_ids=effect.people, rule=rule, verdicts=verdicts
            )
        return {
            "group": group, "rule": rule, "effect": effect, "people": people, "here": self.request.path,
            "asks_reason": self.asks_reason, "left_out": len(set(self._picked())) - len(effect.people),
        }  # fmt: skip

    def done(self, form: InviteForm, **kwargs: Any) -> HttpResponse:
        group = super_group_or_404(self.request, kwargs["pk"])
        try:
            made = invite(
                tenant=self.request.tenant, group_id=group.pk, customer_ids=self._picked(),
                reason=form.cleaned_data["reason"], actor=self.request.actor,
            )  # fmt: skip
        except MixBroken:
            self.asks_reason = True
            raise
        said = ngettext(
            "%(n)s person is invited: a friend has the task",
            "%(n)s people are invited: friends have the tasks",
            made.made,
        )
        left = made.there + made.opted_out
        more = _(" · %(n)s left out: there already, or want no marketing") % {"n": left} if left else ""
        toast(self.request, said % {"n": made.made} + more)
        return drawer_done(self.request)


class InvitationAct(ConsoleView):
    """Write down an answer, or take an invitation back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        row = invitation_answer(
            tenant=self.request.tenant, invitation_id=pk, state=verb, note=request.POST.get("note", ""),
            actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("Written down: %(state)s") % {"state": row.get_state_display()})
        return go(request, f"{self.url('groups:detail', pk=row.group_id)}?tab=super")


class InvitationPhonePage(PhoneView):
    """One invitation on the phone: the words, and what the person said."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self._row(pk)
        rule = rule_of(tenant_id=row.tenant_id, group_id=row.group_id)
        conditions = conditions_from(rule.conditions) if rule else ()
        names = rule_names(tenant_id=row.tenant_id, conditions=conditions)
        context = {
            "row": row, "rule": rule, "said": said_of(row.evidence, names), "form": AnswerForm(),
            "is_open": row.state in OPEN_INVITES,
            "words": words_for(tenant=self.request.tenant, invitation=row, rule=rule) if rule else "",
        }  # fmt: skip
        name = "groups/phone_invitation.html"
        return render(request, name, context, partial=name)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row, state = self._row(pk), request.POST.get("state", "")
        if state not in (InviteState.ACCEPTED, InviteState.DECLINED):
            raise Http404
        row = invitation_answer(
            tenant=self.request.tenant, invitation_id=row.pk, state=state, note=request.POST.get("note", ""),
            actor=self.request.actor,
        )  # fmt: skip
        toast(request, _("Written down: %(state)s") % {"state": row.get_state_display()})
        return go(request, self.url("team_phone:tasks"))

    def _row(self, pk: int) -> Invitation:
        """The invitation, for who was to ask, who looks after the group, and who runs all. Raises SignInRefused."""
        tenant, staff = self.request.tenant, self.request.staff
        try:
            row = invitation_get(tenant_id=tenant.pk, invitation_id=pk)
        except Invitation.DoesNotExist as error:
            raise Http404 from error
        runs_all = Permission.OPERATE in self.request.actor.permissions
        is_own = row.staff_id == staff.pk or looks_after(
            group=row.group, staff_id=staff.pk, userid=staff.userid
        )
        if not runs_all and not is_own:
            raise SignInRefused("not_in_group")
        return row


class ScreeningPublicPage(View):
    """/s/<token>: who qualifies and what they get, for every customer. It names nobody and offers no way in."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        tenant = public_tenant(token)
        if tenant is None:
            return self._missing(request)
        with tenant_scope(tenant):
            rule = public_rule(tenant=tenant, token=token)
            if rule is None:
                return self._missing(request)
            context = {
                "brand": tenant.brand or tenant.name, "rule": rule,
                "benefits": [line.strip() for line in rule.benefits.splitlines() if line.strip()],
            }  # fmt: skip
            return render(request, "groups/super_public.html", context, partial="groups/super_public.html")

    @staticmethod
    def _missing(request: HttpRequest) -> HttpResponse:
        name = "content/radar_missing.html"
        return render(request, name, status=404, partial=name)
