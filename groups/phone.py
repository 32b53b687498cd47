"""The group in the present chat, on the phone: for the staff who look after it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from console.pages import render, toast
from console.pictures import picture_response
from content.phone import ScriptsPage
from groups.enums import LIVE_STATES, IncidentKind, NormState
from groups.forms.culture import NormForm, ThanksForm
from groups.forms.life import OTHER_RULE, ViolationForm, breach_next
from groups.models import Group, Norm, Thanks, Violation
from groups.policies import ladder
from groups.policies.checks import evaluate
from groups.policies.replies import replies_of
from groups.selectors import group_facts
from groups.selectors.culture import (
    balance_of,
    culture_waiting,
    members_to_choose,
    norm_get,
    norm_list,
    role_holders,
    thanks_get,
    thanks_list,
)
from groups.selectors.incidents import incident_running
from groups.selectors.today import group_by_chat, looks_after, moves_since, questions_open
from groups.selectors.violations import (
    members_to_record,
    norms_agreed,
    rules_of,
    violation_get,
    violation_picture,
    violations_open,
)
from groups.services.freezing import group_freeze, group_unfreeze
from groups.services.incident_freeze import incident_freeze
from groups.services.incidents import IncidentWish, incident_open
from groups.services.norms import norm_add, norm_ask
from groups.services.thanks import thanks_settle, thanks_write
from groups.services.violations import violation_record, violation_settle
from team.errors import SignInRefused
from team.phone import PhoneView
from team.phone.base import Panel
from tenants import clock
from tenants.enums import Permission
from tenants.errors import NotPermitted
from tenants.words import Words, say
from wecom.selectors import quota_left

BREACHES = 5  # open ones shown on the group's page
UNDO_FOR = timedelta(minutes=2)  # a brake pulled by mistake is let go without a reason this long
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
            "questions": questions_open(group=group),
            "sends_left": left[group.chat_id],
            "panels": [one for one in made if one is not None],
            "rules": rules_of(group),
            "balance": balance_of(group=group),
            "norms": norms_agreed(tenant_id=tenant.pk, group_id=group.pk),
            "thanks": list(culture_waiting(group).select_related("customer").order_by("made_at")[:BREACHES]),
            "replies": replies_of(group.replies),
            "breaches": list(violations_open(group).order_by("-happened_at", "-pk")[:BREACHES]),
            "may_work": Permission.WORK in self.request.actor.permissions,
            "incident": incident_running(tenant_id=tenant.pk, group_id=group.pk),
            "incident_kinds": IncidentKind.choices,
            "may_freeze": Permission.OPERATE in self.request.actor.permissions,
        }


class GroupFreezeView(PhoneView):
    """Stop everything that goes out to this group, or let it go on, which needs a reason. `?undo=1` lets go at once of
    what was stopped a moment ago."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, chat_id: str, verb: str) -> HttpResponse:
        group = group_in_hand(self.request, chat_id)
        act = group_freeze if verb == "freeze" else group_unfreeze
        reason = request.POST.get("reason", "").strip() or self._usual_reason(group, verb)
        kind = request.POST.get("incident", "")
        if verb == "freeze" and kind in IncidentKind.values:
            self._blow_up(group, kind, reason)
        else:
            act(
                tenant=self.request.tenant, group_ids=[group.pk], reason=str(reason), actor=self.request.actor
            )
        other = "unfreeze" if verb == "freeze" else "freeze"
        undo = f"{self.url('groups_phone:freeze', chat_id=chat_id, verb=other)}?undo=1"
        said = _("Nothing more goes out to this group.") if verb == "freeze" else _("Sends may go out again.")
        toast(request, said, undo)
        return HttpResponseRedirect(self.url("groups_phone:group", chat_id=chat_id))

    def _usual_reason(self, group: Group, verb: str) -> Words:
        """The brake is pulled without a word; letting go without one is only for a slip of the finger."""
        if verb == "freeze":
            return say("From the sidebar of the group's chat")
        is_slip = group.frozen_at is not None and clock.now() - group.frozen_at <= UNDO_FOR
        return _("Pulled by mistake, taken back at once") if is_slip and "undo" in self.request.GET else ""

    def _blow_up(self, group: Group, kind: str, reason: Words) -> None:
        """Freeze this group as part of an incident: its running one, or a new one in the hands of who pressed."""
        tenant, actor = self.request.tenant, self.request.actor
        incident = incident_running(tenant_id=tenant.pk, group_id=group.pk)
        if incident is None:
            wish = IncidentWish(
                kind=kind, title=say("Blow-up in %(group)s") % {"group": group}, group_ids=[group.pk], note=reason,
                owner_id=self.request.staff.pk,
            )  # fmt: skip
            incident = incident_open(tenant=tenant, wish=wish, actor=actor)
        incident_freeze(tenant=tenant, incident_id=incident.pk, actor=actor, group_ids=[group.pk])


class BreachNewPage(PhoneView):
    """Record a breach of this group's rules (R9): who, which rule, what shows it. `?find=` narrows the members."""

    def get(self, request: HttpRequest, chat_id: str) -> HttpResponse:
        group = group_in_hand(self.request, chat_id)
        rules = rules_of(group)
        first = {"userid": request.GET.get("who", ""), "rule": rules[0][:200] if rules else OTHER_RULE}
        return self._show(group, self._form(group, initial=first))

    def post(self, request: HttpRequest, chat_id: str) -> HttpResponse:
        group = group_in_hand(self.request, chat_id)
        form = self._form(group, data=request.POST, files=request.FILES)
        if not form.is_valid():
            return self._show(group, form, 422)
        told = form.cleaned_data
        row = violation_record(
            tenant=self.request.tenant, group_id=group.pk, userid=told["userid"], rule=form.rule_named(),
            evidence=told["evidence"], evidence_url=told["evidence_url"], picture=told["picture"], step=told["step"],
            actor=self.request.actor,
        )  # fmt: skip
        toast(
            request,
            _("Recorded. “%(step)s” waits with the group's owner.") % {"step": row.get_step_display()},
        )
        return HttpResponseRedirect(self.url("groups_phone:breach", chat_id=chat_id, number=row.pk))

    def _form(self, group: Group, **kwargs: Any) -> ViolationForm:
        find = self.request.GET.get("find", "").strip().lower()
        people = [one for one in members_to_record(group=group) if find in one[1].lower()]
        norms = norms_agreed(tenant_id=group.tenant_id, group_id=group.pk)
        return ViolationForm(people=people, rules=rules_of(group), norms=norms, **kwargs)

    def _show(self, group: Group, form: ViolationForm, status: int = 200) -> HttpResponse:
        context = {
            "group": group,
            "form": form,
            "find": self.request.GET.get("find", ""),
            "may_work": Permission.WORK in self.request.actor.permissions,
            "here": self.url("groups_phone:breach_new", chat_id=group.chat_id),
        }
        name = "groups/phone_breach_new.html"
        return render(self.request, name, context, partial=name, status=status)


class BreachNextPart(PhoneView):
    """What stands against a member and what the ladder proposes now, with its words, while somebody fills the form."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, chat_id: str) -> HttpResponse:
        context = breach_next(group_in_hand(self.request, chat_id), request.GET)
        return render(request, "groups/_breach_next.html", context)


class _Breach(PhoneView):
    """One breach of a group that this person looks after."""

    def breach(self, chat_id: str, number: int) -> Violation:
        group = group_in_hand(self.request, chat_id)
        try:
            return violation_get(tenant_id=group.tenant_id, group_id=group.pk, violation_id=number)
        except Violation.DoesNotExist as error:
            raise Http404 from error


class BreachPage(_Breach):
    """One breach: what to say, what to do in WeCom, and that it was done."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, chat_id: str, number: int) -> HttpResponse:
        row = self.breach(chat_id, number)
        members = dict(members_to_record(group=row.group))
        name = str(row.customer or "") or members.get(row.userid, row.userid)
        context = {
            "row": row, "group": row.group, "name": name, "is_here": row.userid in members,
            "words": ladder.words(row.step, name=name, rule=row.rule), "how_to": ladder.how_to(row.step),
            "may_work": Permission.WORK in self.request.actor.permissions,
            "may_see": Permission.SEE_PERSONAL in self.request.actor.permissions,
        }  # fmt: skip
        return render(request, "groups/phone_breach.html", context, partial="groups/phone_breach.html")


class BreachAct(_Breach):
    """The step was carried out, or not after all."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, chat_id: str, number: int, verb: str) -> HttpResponse:
        row = self.breach(chat_id, number)
        row = violation_settle(
            tenant=self.request.tenant, violation_id=row.pk, is_done=verb == "done", actor=self.request.actor
        )
        said = _("Done: %(step)s") if verb == "done" else _("To be done again: %(step)s")
        toast(request, said % {"step": row.get_step_display()})
        return HttpResponseRedirect(self.url("groups_phone:breach", chat_id=chat_id, number=number))


class BreachPicture(_Breach):
    """The picture that shows a breach."""

    http_method_names = ["get"]

    def get(self, request: HttpRequest, chat_id: str, number: int) -> HttpResponse:
        if Permission.SEE_PERSONAL not in self.request.actor.permissions:
            raise NotPermitted
        group = group_in_hand(self.request, chat_id)
        found = violation_picture(tenant_id=group.tenant_id, group_id=group.pk, violation_id=number)
        if found is None:
            raise Http404
        return picture_response(*found)


class CulturePage(PhoneView):
    """What members agreed on, who helps, thanks to say; and on the spot: thank somebody, note what a member proposes,
    ask the group, say that a thank-you was said (R130).
    """

    def get(self, request: HttpRequest, chat_id: str) -> HttpResponse:
        return self._show(group_in_hand(self.request, chat_id))

    def post(self, request: HttpRequest, chat_id: str) -> HttpResponse:
        group = group_in_hand(self.request, chat_id)
        act = {"thank": self._thank, "note": self._note, "ask": self._ask, "said": self._said}.get(
            request.POST.get("act", "")
        )
        if act is None:
            raise Http404
        fault = act(group)
        if fault is not None:
            return self._show(group, status=422, **fault)
        return HttpResponseRedirect(self.url("groups_phone:culture", chat_id=chat_id))

    def _thank(self, group: Group) -> dict[str, Any] | None:
        form = ThanksForm(self.request.POST, people=members_to_choose(group=group), auto_id="t_%s")
        if not form.is_valid():
            return {"thanks_form": form}
        told = form.cleaned_data
        thanks_write(
            tenant=self.request.tenant, group_id=group.pk, customer_id=told["customer"], reason=told["reason"],
            words=form.words_told(), is_said=told["is_said"], actor=self.request.actor,
        )  # fmt: skip
        toast(
            self.request, _("Counted.") if told["is_said"] else _("The words stand here until they are said.")
        )
        return None

    def _note(self, group: Group) -> dict[str, Any] | None:
        form = NormForm(self.request.POST, people=members_to_choose(group=group), auto_id="n_%s")
        if not form.is_valid():
            return {"norm_form": form}
        told = form.cleaned_data
        norm_add(
            tenant=self.request.tenant, group_id=group.pk, customer_id=told["customer"], text=told["text"],
            said=told["said"], actor=self.request.actor,
        )  # fmt: skip
        toast(self.request, _("Noted. Ask the group when the moment is right."))
        return None

    def _ask(self, group: Group) -> None:
        try:
            norm = norm_get(tenant_id=group.tenant_id, group_id=group.pk, norm_id=self._number())
        except Norm.DoesNotExist as error:
            raise Http404 from error
        norm_ask(tenant=self.request.tenant, norm_id=norm.pk, actor=self.request.actor)
        toast(self.request, _("Post the words in the group. What members answer counts from now on."))

    def _said(self, group: Group) -> None:
        try:
            row = thanks_get(tenant_id=group.tenant_id, group_id=group.pk, thanks_id=self._number())
        except Thanks.DoesNotExist as error:
            raise Http404 from error
        thanks_settle(tenant=self.request.tenant, thanks_id=row.pk, is_said=True, actor=self.request.actor)
        toast(self.request, _("Said and counted."))

    def _number(self) -> int:
        raw = self.request.POST.get("pk", "")
        if not (raw.isdecimal() and len(raw) < 19):
            raise Http404
        return int(raw)

    def _show(self, group: Group, status: int = 200, **forms: Any) -> HttpResponse:
        people = members_to_choose(group=group)
        context = {
            "group": group,
            "norms": [row for row in norm_list(group=group) if row.state != NormState.DROPPED],
            "balance": balance_of(group=group),
            "roles": role_holders(group=group),
            "thanks": [row for row in thanks_list(group=group)[:BREACHES] if row.said_at is None],
            "may_work": Permission.WORK in self.request.actor.permissions,
            "thanks_form": ThanksForm(people=people, auto_id="t_%s"),
            "norm_form": NormForm(people=people, auto_id="n_%s"),
            **forms,
        }
        name = "groups/phone_culture.html"
        return render(self.request, name, context, partial=name, status=status)


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
