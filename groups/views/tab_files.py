"""What a tab of a group's page lists, whole, as a file."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from console.exports import moment_cell
from console.listing import AsFile
from contacts.policies.tag_rules import conditions_from
from groups.enums import IntroState
from groups.models import Group
from groups.selectors.circles import circle_members_now, circles_as_of
from groups.selectors.culture import norm_list, thanks_list
from groups.selectors.intros import Newcomer, intro_figures, intro_rule
from groups.selectors.koc import koc_list
from groups.selectors.promises import promise_list
from groups.selectors.screening import candidates_of, invitation_list, rule_names, rule_of, said_of
from groups.selectors.violations import violation_list
from groups.views.circles import gave_words
from groups.views.detail import group_or_404
from groups.views.intros import WHO
from tenants import clock
from tenants.enums import Permission
from tenants.roles import allows

Lines = tuple[list[Any], list[list[Any]]]  # (head, rows)


class GroupTabFile(AsFile):
    """Everything that one tab of a group lists; `what` names the tab, the parameters are those of the tab."""

    permission = Permission.EXPORT

    def get(self, request: HttpRequest, pk: int, what: str) -> HttpResponseBase:
        head, lines = TABS[what](request, group_or_404(request, pk))
        return self.send_lines(head, lines)

    def file_key(self) -> str:
        return f"groups.{self.kwargs['what']}"


def _violations(request: Any, group: Group) -> Lines:
    """Words and links only for who may see them."""
    may_see = allows(request.role, Permission.SEE_PERSONAL)
    rows = violation_list(tenant_id=group.tenant_id, group_id=group.pk, userid=request.GET.get("who", ""))
    head = [
        _("Name"), _("WeCom id"), _("Rule"), _("Evidence"), _("Happened"), _("What follows"), _("State"), _("Recorded"),
        _("Recorded by"), _("Done at"), _("Done by"), _("Why it was taken back"),
    ]  # fmt: skip
    return head, [
        [
            str(row.customer or row.userid), row.userid, row.rule,
            " ".join(one for one in (row.evidence, row.evidence_url) if one) if may_see else "",
            moment_cell(row.happened_at), row.get_step_display(), row.get_state_display(),
            moment_cell(row.recorded_at), row.recorded_by, moment_cell(row.done_at), row.done_by, row.undo_reason,
        ]
        for row in rows
    ]  # fmt: skip


def _koc(request: Any, group: Group) -> Lines:
    head = [
        _("Name"), _("State"), pgettext("helper", "Role"), _("Where from"), _("Privileges"), _("Candidate since"),
        _("Helps since"), _("Open tasks"), _("Tasks done"), _("Ended at"), _("Reason"),
    ]  # fmt: skip
    lines = []
    for row in koc_list(group=group):
        done = sum(one.done_at is not None for one in row.tasks.all())
        lines.append(
            [
                str(row.customer),
                row.get_state_display(),
                row.get_role_display(),
                row.get_origin_display(),
                row.privileges,
                moment_cell(row.added_at),
                moment_cell(row.helper_at),
                len(row.tasks.all()) - done,
                done,
                moment_cell(row.ended_at),
                row.ended_reason,
            ]
        )
    return head, lines


def _norms(request: Any, group: Group) -> Lines:
    """The member's own words only for who may see them."""
    may_see = allows(request.role, Permission.SEE_PERSONAL)
    head = [
        _("Norm"), _("State"), _("Proposed by"), _("As the member said it"), _("Proposed at"), _("Asked at"),
        _("Agree"), _("Do not agree"), _("Needed"), _("Agreed at"), _("Reason"),
    ]  # fmt: skip
    return head, [
        [
            row.text, row.get_state_display(), str(row.customer), row.said if may_see else "",
            moment_cell(row.added_at), moment_cell(row.asked_at), row.yes, row.no, row.needed,  # type: ignore[attr-defined]
            moment_cell(row.agreed_at), row.drop_reason,
        ]
        for row in norm_list(group=group)
    ]  # fmt: skip


def _thanks(request: Any, group: Group) -> Lines:
    head = [
        _("Name"),
        _("For what"),
        _("Words"),
        _("State"),
        _("Written by"),
        _("Written at"),
        _("Said at"),
        _("Said by"),
    ]
    return head, [
        [
            str(row.customer), row.get_reason_display(), row.words, row.get_state_display(), row.made_by,
            moment_cell(row.made_at), moment_cell(row.said_at), row.said_by,
        ]
        for row in thanks_list(group=group)
    ]  # fmt: skip


def _intros(request: Any, group: Group) -> Lines:
    """Those of `?who=`, or everyone; what was said only for who may see it."""
    may_see = allows(request.role, Permission.SEE_PERSONAL)
    rule = intro_rule(tenant_id=group.tenant_id, group_id=group.pk)
    head = [
        _("Name"), _("Name in the group"), _("Name fits"), _("Joined"), _("Introduction"), _("Introduced at"),
        _("Reminded at"), _("What they said"),
    ]  # fmt: skip
    if rule is None:
        return head, []
    who = request.GET.get("who", "")
    people = intro_figures(group=group, rule=rule).of(who if who in dict(WHO) else "all")
    return head, [_newcomer(one, may_see=may_see) for one in people]


def _newcomer(one: Newcomer, *, may_see: bool) -> list[Any]:
    row = one.row
    return [
        one.name, one.member.nickname, _("yes") if one.fits else _("no"), moment_cell(one.member.joined_at),
        str(IntroState(one.state).label), moment_cell(row.done_at) if row else "",
        moment_cell(row.reminded_at) if row else "", row.said if row and may_see else "",
    ]  # fmt: skip


def _circles(request: Any, group: Group) -> Lines:
    """Everybody in a circle now, those of `?circle=` only when it is asked."""
    day = circles_as_of(tenant_id=group.tenant_id)
    head = [_("Name"), _("Circle"), _("Active days"), _("Gave"), _("In this circle since")]
    if day is None:
        return head, []
    words = gave_words()
    rows = circle_members_now(group=group, day=day, circle=request.GET.get("circle", ""))
    return head, [
        [
            str(row.customer), row.get_circle_display(), row.active_days,
            " · ".join(words[kind] % {"n": n} for kind, n in sorted(row.gave.items()) if kind in words),
            row.from_day.isoformat(),
        ]
        for row in rows
    ]  # fmt: skip


def _promises(request: Any, group: Group) -> Lines:
    head = [
        _("Promise"), _("Due"), _("State"), _("For"), _("What shows it"), _("Link"), _("Reason"),
        _("Closed at"), _("Closed by"),
    ]  # fmt: skip
    return head, [
        [
            row.text, moment_cell(row.due_at), row.get_state_display(), row.beneficiary_count, row.evidence,
            row.evidence_url, row.reason, moment_cell(row.closed_at), row.closed_by,
        ]
        for row in promise_list(tenant_id=group.tenant_id, group_id=group.pk)
    ]  # fmt: skip


def _invitations(request: Any, group: Group) -> Lines:
    rule = rule_of(tenant_id=group.tenant_id, group_id=group.pk)
    conditions = conditions_from(rule.conditions) if rule else ()
    names = rule_names(tenant_id=group.tenant_id, conditions=conditions) if rule else {}
    head = [
        _("Customer"), _("Counts as"), _("State"), _("Meets the rule"), _("Asked by"), _("Invited at"),
        _("Admitted at"), _("Reason"),
    ]  # fmt: skip
    return head, [
        [
            str(row.customer), _("super-user") if row.is_super else _("may become one"), row.get_state_display(),
            " · ".join(str(one) for one in said_of(row.evidence, names)), str(row.staff or ""),
            moment_cell(row.invited_at), moment_cell(row.admitted_at), row.reason,
        ]
        for row in invitation_list(tenant_id=group.tenant_id, group_id=group.pk)
    ]  # fmt: skip


def _candidates(request: Any, group: Group) -> Lines:
    """Who qualifies for a super-user group; `?which=super` or `potential` keeps those."""
    rule = rule_of(tenant_id=group.tenant_id, group_id=group.pk)
    head = [_("Customer"), _("Counts as"), _("Meets the rule"), _("Friends of")]
    if rule is None:
        return head, []
    which = request.GET.get("which", "")
    found = candidates_of(tenant=request.tenant, group=group, rule=rule, now=clock.now())
    return head, [
        [
            one.name or _("No name known"), _("super-user") if one.is_super else _("may become one"),
            " · ".join(str(said) for said in one.evidence), " · ".join(str(name) for name in one.staff),
        ]
        for one in found
        if which not in ("super", "potential") or one.is_super == (which == "super")
    ]  # fmt: skip


TABS: dict[str, Callable[[Any, Group], Lines]] = {
    "violations": _violations,
    "koc": _koc,
    "norms": _norms,
    "thanks": _thanks,
    "intros": _intros,
    "circles": _circles,
    "promises": _promises,
    "invitations": _invitations,
    "candidates": _candidates,
}
