"""What leads adds to the menu, to the customer's timeline and to the phone's customer page."""

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.audit_changes import register_changes
from console.nav import register
from contacts.selectors.timeline import register_timeline
from contacts.services.holdings import Holding, register_holding
from contacts.services.messages import register_words
from content.selectors.knowledge import register_competitors
from leads.enums import FollowResult, LeadState, NextAction
from leads.phone import lead_panel
from leads.selectors.board import waiting_urgent
from leads.selectors.detail import HISTORY_WITHOUT_WORDS, lead_timeline
from leads.selectors.needs import competitors_said
from leads.selectors.ranking import (
    answer_cases,
    answer_cells,
    deadline_label,
    lead_lines,
    tier_label,
    won_cases,
    won_cells,
)
from leads.selectors.rules import words_listened
from leads.selectors.staff import leads_won_of, minutes_noted
from leads.services.work import SOURCE
from team.phone import register_customer_panel
from team.selectors import register_load, register_own_metric
from team.selectors.ranking import Ranked, register_ranked


def _count(request: HttpRequest) -> QuerySet:
    return waiting_urgent(tenant_id=request.tenant.pk)  # type: ignore[attr-defined]


register(key="leads", label=_("Leads"), icon="target-arrow", url_name="leads:board", order=60, count=_count)
register_own_metric(
    key="leads_won",
    label=_("Leads won"),
    definition=_("Leads of theirs that were won ÷ leads of theirs that ended as won or not buying"),
    provider=leads_won_of,
    converts=True,
)
register_load(label=_("Minutes with leads, 7 days"), provider=minutes_noted)
register_ranked(
    Ranked(
        key="conversion",
        label=_("Conversion"),
        definition=_(
            "Leads of theirs that were won and not given back ÷ leads that were won, did not buy, opted out, or were "
            "still open when their camp was over."
        ),
        case_label=_("Leads that ended"),
        hit_label=_("Won"),
        difficulty=_("The tier of the lead: an S lead buys sooner than a B lead, whoever looks after it."),
        cells=won_cells,
        cases=won_cases,
        lines=lead_lines,
        stratum_label=tier_label,
        order=10,
    )
)
register_ranked(
    Ranked(
        key="response",
        label=_("Response"),
        definition=_("Deadlines of their leads answered in time ÷ deadlines answered in time or missed."),
        case_label=_("Deadlines"),
        hit_label=_("Answered in time"),
        difficulty=_(
            "The tier, which sets the deadline (10 minutes are harder than a day), and whether it fell into the night."
        ),
        cells=answer_cells,
        cases=answer_cases,
        lines=lead_lines,
        stratum_label=deadline_label,
        order=30,
    )
)
register_timeline(lead_timeline)
register_words(words_listened)
register_changes(
    "leads.lead", values={"state": dict(LeadState.choices), "result": dict(FollowResult.choices)}
)
register_customer_panel(lead_panel)
register_holding(
    Holding("leads.WindowMember", _("Camps that count intent")),
    Holding(
        "leads.Lead",
        _("Leads"),
        # An open lead always has a next action; whoever is erased is no lead a moment later, as after an opt-out.
        clear={"evidence": [], "suggestion": None, "close_note": "", "next_action": NextAction.ASK_HOW.value},
        tasks=(SOURCE,),
    ),
    Holding("leads.FollowUp", _("Follow-ups"), path="lead__customer", clear={"note": ""}),
    Holding(
        "leads.LeadEvent", _("History of leads"), path="lead__customer", clear={"data": HISTORY_WITHOUT_WORDS}
    ),
    Holding("leads.Need", _("Needs"), path="lead__customer", is_removed=True),
    Holding("leads.Doubt", _("Doubts"), path="lead__customer", is_removed=True),
)
register_competitors(competitors_said)
