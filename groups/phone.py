"""The group in the present chat, on the phone: for the staff who look after it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from console.pages import render, toast
from content.phone import ScriptsPage
from groups.enums import LIVE_STATES, IncidentKind
from groups.models import Group
from groups.policies.checks import evaluate
from groups.selectors import group_facts
from groups.selectors.incidents import incident_running
from groups.selectors.today import group_by_chat, looks_after, moves_since, questions_since
from groups.services.freezing import group_freeze, group_unfreeze
from groups.services.incident_freeze import incident_freeze
from groups.services.incidents import IncidentWish, incident_open
from team.errors import SignInRefused
from team.phone import PhoneView
from team.phone.base import Panel
from tenants import clock
from tenants.enums import Permission
from wecom.selectors import quota_left

PanelProvider = Callable[..., Panel | None]
_panels: list[PanelProvider] = []


def register_group_panel(provider: PanelProvider) -> None:
    """Show a part on the phone's group page: `provider(request=, group=) -> Panel | None`. Twice counts once."""
    if provider not in _panels:
        _panels.append(provider)


def group_in_hand(request: Any, chat_id: str) -> Group:
    """The group of a chat, if this person looks after it or runs all groups. Raises SignInRefused."""
    staff = request.staff
    group = group_by_chat(tenant_id=request.tenant.pk, app_id=staff.app_id, chat_id=chat_id)
    if group is None:
        raise SignInRefused("no_group")
    runs_all = Permission.OPERATE in request.actor.permissions
    if not runs_all and not looks_after(group=group, staff_id=staff.pk, userid=staff.userid):
        raise SignInRefused("not_in_group")
    return group


class GroupPhonePage(PhoneView):
    """State, today's steps, what is wrong, who came and went, open questions, sends left, the brake."""

    def get(self, request: HttpRequest, chat_id: str) -> HttpResponse:
        group = group_in_hand(self.request, chat_id)
        return render(request, "groups/phone.html", self._context(group), partial="groups/phone.html")

    def _context(self, group: Group) -> dict[str, Any]:
        tenant = self.request.tenant
        facts = group_facts(tenant=tenant, group=group)
        since = clock.day_bounds(facts.today, tenant.timezone)[0]
        left = quota_left(
            tenant_id=tenant.pk, receiver_kind="group", receiver_ids=[group.chat_id], day=facts.today
        )
        made = [provider(request=self.request, group=group) for provider in _panels]
        started = group.starts_on
        return {
            "group": group,
            "facts": facts,
            "is_live": group.state in LIVE_STATES,
            "findings": [one for one in evaluate(facts) if one.severity != "note"],
            "day_number": (facts.today - started).days + 1 if started and started <= facts.today else None,
            "days_total": (group.ends_on - started).days + 1 if started and group.ends_on else None,
            "moves": moves_since(group=group, since=since),
            "questions": questions_since(group=group, since=since),
            "sends_left": left[group.chat_id],
            "panels": [one for one in made if one is not None],
            "incident": incident_running(tenant_id=tenant.pk, group_id=group.pk),
            "incident_kinds": IncidentKind.choices,
            "may_freeze": Permission.OPERATE in self.request.actor.permissions,
        }


class GroupFreezeView(PhoneView):
    """Stop everything that goes out to this group, or let it go on."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, chat_id: str, verb: str) -> HttpResponse:
        group = group_in_hand(self.request, chat_id)
        act = group_freeze if verb == "freeze" else group_unfreeze
        reason = request.POST.get("reason", "").strip() or _("From the sidebar of the group's chat")
        kind = request.POST.get("incident", "")
        if verb == "freeze" and kind in IncidentKind.values:
            self._blow_up(group, kind, reason)
        else:
            act(tenant=self.request.tenant, group_ids=[group.pk], reason=reason, actor=self.request.actor)
        other = "unfreeze" if verb == "freeze" else "freeze"
        undo = self.url("groups_phone:freeze", chat_id=chat_id, verb=other)
        said = _("Nothing more goes out to this group.") if verb == "freeze" else _("Sends may go out again.")
        toast(request, said, undo)
        return HttpResponseRedirect(self.url("groups_phone:group", chat_id=chat_id))

    def _blow_up(self, group: Group, kind: str, reason: str) -> None:
        """Freeze this group as part of an incident: its running one, or a new one in the hands of who pressed."""
        tenant, actor = self.request.tenant, self.request.actor
        incident = incident_running(tenant_id=tenant.pk, group_id=group.pk)
        if incident is None:
            wish = IncidentWish(
                kind=kind, title=_("Blow-up in %(group)s") % {"group": group}, group_ids=[group.pk], note=reason,
                owner_id=self.request.staff.pk,
            )  # fmt: skip
            incident = incident_open(tenant=tenant, wish=wish, actor=actor)
        incident_freeze(tenant=tenant, incident_id=incident.pk, actor=actor, group_ids=[group.pk])


class GroupScriptsPage(ScriptsPage):
    """Scripts for this group: its name is filled in."""

    def values(self, **kwargs: Any) -> dict[str, str]:
        return {"group": str(group_in_hand(self.request, kwargs["chat_id"]))}

    def target(self, **kwargs: Any) -> dict[str, str]:
        return {"chat": kwargs["chat_id"]}

    def group_id(self, **kwargs: Any) -> int | None:
        return group_in_hand(self.request, kwargs["chat_id"]).pk

    def here(self, **kwargs: Any) -> str:
        return self.url("groups_phone:scripts", **kwargs)
