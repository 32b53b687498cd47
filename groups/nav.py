"""What groups adds to the menu and the search."""

from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.audit_changes import register_changes
from console.nav import Hit, register, register_search
from console.pages import tenant_url
from contacts.selectors.timeline import register_timeline
from contacts.services.holdings import Holding, register_holding
from groups.enums import (
    EndKind,
    EndState,
    HelperRole,
    IncidentKind,
    IncidentLevel,
    IntroState,
    InviteState,
    Kind,
    KocState,
    LadderStep,
    NormState,
    PaymentBasis,
    PromiseState,
    Purpose,
    Question,
    Scenario,
    SetupKind,
    Side,
    State,
    SubKind,
    ThanksFor,
    ViolationState,
)
from groups.selectors import Panel, group_list, groups_broken, register_panel
from groups.selectors.culture import PREFIX as CULTURE
from groups.selectors.culture import culture_waiting, people_of_culture
from groups.selectors.endings import ending_open
from groups.selectors.first_days import SOURCE, label_of_source, people_of_source
from groups.selectors.intros import intros_waiting
from groups.selectors.panels import People, register_people
from groups.selectors.promises import promises_overdue
from groups.selectors.ranking import group_sort_label, stay_cases, stay_cells, stay_lines
from groups.selectors.results import PREFIX, label_of_result, people_of_result
from groups.selectors.staff_figures import group_buyers_of, groups_owned, members_carried
from groups.selectors.violations import violation_timeline, violations_open
from groups.services import invitations, koc, norms, silence, thanks, violations
from groups.services.approvals import check_granted, kind_granted
from groups.services.welcome_words import welcomes_flag
from groups.views.chat import chat_context
from groups.views.circles import circles_context
from groups.views.culture import culture_context, culture_label
from groups.views.endings import ending_context
from groups.views.faq import faq_context, faq_open
from groups.views.intros import intros_context
from groups.views.koc import koc_context
from groups.views.promises import promises_context
from groups.views.results import SURVEYED, results_context
from groups.views.screening import super_context
from groups.views.setup_steps import setup_context, shows_setup
from groups.views.silence import silent_context
from groups.views.violations import violations_context
from team.selectors import register_load, register_own_metric
from team.selectors.ranking import Ranked, register_ranked
from team.services import register_approval
from tenants.models import Tenant
from wecom.welcomes.sayable import register_welcome_kept

HITS = 5
register_own_metric(
    key="group_buyers",
    label=_("Buyers in their groups"),
    definition=_("Customers now in the groups they own who bought ÷ all customers in these groups"),
    provider=group_buyers_of,
    converts=True,
)
register_ranked(
    Ranked(
        key="retention",
        label=_("Retention"),
        definition=_(
            "Customers still in the group 7 days after joining ÷ customers who joined, in groups that are theirs "
            "today. Whoever staff took out, and groups that were dissolved, are left out."
        ),
        case_label=_("Joined"),
        hit_label=_("Stayed 7 days"),
        difficulty=_(
            "The type of the group and how it is paid: who paid stays longer, whoever runs the group."
        ),
        cells=stay_cells,
        cases=stay_cases,
        lines=stay_lines,
        stratum_label=group_sort_label,
        order=20,
        caution=_(
            "People of one group resemble each other, so this interval is rather too narrow than too wide."
        ),
    )
)
register_load(label=_("Groups"), provider=groups_owned)
register_load(label=_("People in them"), provider=members_carried)
register_welcome_kept(lambda tenant: welcomes_flag(tenant=tenant))
register_approval("groups.unpaid", _("Unpaid group without an end"), check_granted)
register_approval("groups.size", _("Group above the size people talk in"), check_granted)
register_approval("groups.staff", _("Fewer staff than a group needs"), check_granted)
register_approval("groups.kind", _("Another type of a live group"), kind_granted)


def _broken(request: HttpRequest) -> int | QuerySet:
    counted = getattr(request, "groups_broken", None)
    return groups_broken(tenant_id=request.tenant.pk) if counted is None else counted  # type: ignore[attr-defined]


def _search(tenant: Tenant, text: str) -> Iterator[Hit]:
    rows = group_list(tenant_id=tenant.pk).filter(Q(name__icontains=text) | Q(planned_name__icontains=text))
    for group in rows[:HITS]:
        url = tenant_url(tenant, "groups:detail", pk=group.pk)
        yield Hit(_("Groups"), str(group), url, str(group.get_state_display()), "users-group")


register(key="groups", label=_("Groups"), icon="users-group", url_name="groups:list", order=20, count=_broken)
register_search(_search)
register_panel(
    Panel(
        key="circles",
        label=_("Circles"),
        template="groups/_circles.html",
        context=circles_context,
        order=30,
        is_rare=True,
    )
)
register_panel(
    Panel(
        key="koc",
        label=_("Helpers (KOC)"),
        template="groups/_koc.html",
        context=koc_context,
        order=34,
        is_rare=True,
    )
)
register_panel(
    Panel(
        key="silent", label=_("Silent members"), template="groups/_silent.html", context=silent_context, order=32,
        is_rare=True,
    )
)  # fmt: skip
register_panel(
    Panel(key="chat", label=_("Chat"), template="groups/_chat.html", context=chat_context, order=20)
)
register_panel(
    Panel(
        key="promises", label=_("Promises"), template="groups/_promises.html", context=promises_context,
        counted=promises_overdue, order=30, shows=lambda group: group.kind == Kind.DELIVERY,
    )
)  # fmt: skip
register_panel(
    Panel(
        key="setup",
        label=_("Set-up"),
        template="groups/_setup_panel.html",
        context=setup_context,
        order=10,
        shows=shows_setup,
    )
)
register_panel(
    Panel(
        key="intros",
        label=_("Introductions"),
        template="groups/_intros.html",
        context=intros_context,
        counted=intros_waiting,
        order=30,
        is_rare=True,
    )
)
register_panel(
    Panel(
        key="culture",
        label=_("Culture"),
        template="groups/_culture.html",
        context=culture_context,
        counted=culture_waiting,
        order=30,
    )
)
register_people(People(prefix=CULTURE, find=people_of_culture, label=culture_label))
register_panel(
    Panel(
        key="violations",
        label=_("Breaches"),
        template="groups/_violations.html",
        context=violations_context,
        counted=violations_open,
        order=31,
        is_rare=True,
    )
)
register_panel(
    Panel(
        key="ending",
        label=_("End plan"),
        template="groups/_ending.html",
        context=ending_context,
        counted=ending_open,
        order=80,
        shows=lambda group: group.state != State.PLANNING,
    )
)
register_timeline(violation_timeline)
register_panel(
    Panel(
        key="super", label=_("Super-users"), template="groups/_super.html", context=super_context, order=30,
        shows=lambda group: group.kind == Kind.SUPER_USER,
    )
)  # fmt: skip
register_panel(
    Panel(
        key="results", label=_("Results"), template="groups/_results.html", context=results_context, order=32,
        shows=lambda group: group.kind in SURVEYED,
    )
)  # fmt: skip
register_people(People(prefix=PREFIX, find=people_of_result, label=label_of_result))
register_people(People(prefix=SOURCE, find=people_of_source, label=label_of_source))
register_changes("groups.invitation", labels={}, values={"state": dict(InviteState.choices)})
register_changes(
    "groups.promise",
    labels={
        "text": _("Promise"),
        "due_at": _("Due on"),
        "beneficiary_count": _("For how many customers"),
        "evidence": _("What shows it"),
        "evidence_url": _("Link"),
    },
    values={"state": dict(PromiseState.choices)},
)
register_panel(
    Panel(
        key="faq",
        label=_("FAQ"),
        template="groups/_faq.html",
        context=faq_context,
        counted=faq_open,
        order=60,
        is_rare=True,
    )
)
register_changes(
    "groups.incident",
    labels={
        "kind": _("Type"),
        "level": pgettext_lazy("audit field", "Level"),
        "drill": _("Drill"),
        "statement": _("Public statement"),
    },
    values={
        "kind": dict(IncidentKind.choices),
        "level": {str(one.value): one.label for one in IncidentLevel},
    },
)
register_changes(
    "groups.group",
    labels={
        **dict(SetupKind.choices),
        **dict(EndKind.choices),
        **dict(Question.choices),
        "step": _("What follows"),
        "after": _("Taken over from"),
        "rule": _("Rule"),
        "template": _("What it should say"),
        "pattern": _("Name in the group"),
        "is_on": _("Ask new members for an introduction"),
        "kind": _("Type"),
        "sub_kind": _("Delivers"),
        "purpose": _("Purpose"),
        "scenario": _("Scenario"),
        "payment_basis": _("Payment basis"),
        "series": _("Series"),
        "starts_on": _("Starts on"),
        "ends_on": _("Ends on"),
        "welcome": _("Welcome message"),
        "announcement": _("Announcement"),
        "replies": _("Keyword replies"),
        "value_proposition": _("Promise in one sentence"),
        "planned_name": _("Name"),
        "target_size": _("Target size"),
        "reviews_silence": _("Review of silent members"),
        "decision": pgettext_lazy("audit field", "Decision"),
        "people": pgettext_lazy("audit field", "People"),
        "circles": _("Circles"),
        "koc": _("Helper"),
        "task": _("Task"),
        "privileges": _("Privileges"),
        "origin": _("Where from"),
        "role": pgettext_lazy("audit field", "Role"),
        "norm": pgettext_lazy("audit field", "Norm"),
        "thanked": pgettext_lazy("audit field", "Thanked"),
        "thanks_for": pgettext_lazy("audit field", "For what"),
        "own_side": pgettext_lazy("group", "For whom"),
        "screening": _("Screening rule"),
        "benefits": pgettext_lazy("audit field", "Benefits"),
    },
    values={
        # Breaches, introductions and helpers are told on their group too.
        "state": {
            **dict(IntroState.choices),
            **dict(ViolationState.choices),
            **dict(KocState.choices),
            **dict(NormState.choices),
            **dict(State.choices),
        },
        "step": dict(LadderStep.choices),
        "role": dict(HelperRole.choices),
        "thanks_for": dict(ThanksFor.choices),
        **{kind: dict(EndState.choices) for kind in EndKind.values},
        "kind": dict(Kind.choices),
        "sub_kind": dict(SubKind.choices),
        "purpose": dict(Purpose.choices),
        "scenario": dict(Scenario.choices),
        "payment_basis": dict(PaymentBasis.choices),
        "own_side": dict(Side.choices),
    },
)


def _reminded(tenant_id: int, records: Collection[Any]) -> Q:
    """Groups whose reminder waits and names the person."""
    found = Q(pk__in=[])
    for record in records:
        found |= Q(asked__contains=[record.external_userid])
    return found


register_holding(
    # A reading of the group finds the row under the name that the record keeps (groups.services.people).
    Holding(
        "groups.Member",
        _("Memberships in groups"),
        clear={"nickname": "", "state_code": ""},
        renames=("userid", "invited_by"),
    ),
    Holding("groups.IntroRule", _("Reminders to introduce oneself"), where=_reminded, renames=("asked",)),
    Holding(
        "groups.Introduction",
        _("Introductions"),
        clear={"said": "", "offered": {}},
        renames=("userid",),
    ),
    Holding("groups.CircleSpell", _("Circles"), clear={"gave": {}}),
    Holding(
        "groups.Invitation",
        _("Invitations"),
        clear={"answer_note": "", "evidence": {}, "reason": ""},
        tasks=(invitations.WORK, invitations.CEREMONY),
    ),
    Holding(
        "groups.Koc",
        _("Helpers"),
        clear={"privileges": "", "evidence": {}, "ended_reason": ""},
        tasks=(koc.INVITE,),
    ),
    Holding("groups.Norm", _("Norms proposed"), clear={"said": ""}, tasks=(norms.ASK,)),
    Holding("groups.NormVoice", _("Answers to norms")),
    Holding("groups.Thanks", _("Thanks received"), clear={"words": ""}, tasks=(thanks.SAY,)),
    Holding("groups.HelperTask", _("Tasks of helpers"), path="koc__customer", tasks=(koc.TASK,)),
    Holding(
        "groups.SilentCase",
        _("Silence reviewed"),
        clear={"reasons": [], "evidence": {}},
        tasks=(silence.REMOVE, silence.WAKE),
    ),
    Holding(
        "groups.Violation",
        _("Breaches of the rules"),
        clear={"evidence": "", "evidence_url": "", "picture": b"", "picture_type": ""},
        renames=("userid",),
        tasks=(violations.SOURCE,),
    ),
)
