"""What sop adds to the menu, the search, the groups' pages and the rail beside Today."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console import nav
from console.audit_changes import register_changes
from console.shell import tenant_url
from contacts.selectors.camps import register_camps as register_camp_people
from contacts.selectors.questions import register_posts
from contacts.selectors.timeline import register_touch_titles
from contacts.services.holdings import Holding, register_holding
from content.selectors.facts import register_told
from content.selectors.knowledge import register_camps
from content.selectors.usage import register_usage
from groups.enums import Kind
from groups.phone import register_group_panel
from groups.selectors import (
    Panel,
    register_followed,
    register_panel,
    register_plans,
    register_touches,
    register_weeks,
)
from groups.selectors.bulk import BulkVerb, register_bulk
from groups.selectors.incidents import register_held
from groups.services.own_sends import register_planned
from leads.selectors.followed import followed_times
from sop.enums import STAFF_MINUTES_A_DAY, TouchState
from sop.phone import group_steps_panel
from sop.selectors.assets import assets_in_runs
from sop.selectors.beside import group_panel, group_panel_open, group_touches, quota_rail, rhythm_rail
from sop.selectors.calendar import run_list
from sop.selectors.camps import camp_group_ids, camp_leaders, camps_of_groups, camps_to_choose
from sop.selectors.held import held_of_groups
from sop.selectors.lanes import (
    events_lane,
    festivals_lane,
    incidents_lane,
    offers_lane,
    own_lane,
    register_lane,
)
from sop.selectors.materials import usage_of_materials
from sop.selectors.minutes import minutes_ahead
from sop.selectors.posted import texts_posted
from sop.selectors.ranking import channel_label, done_cases, done_cells, done_lines
from sop.selectors.step_facts import told_in_steps
from sop.selectors.templates import template_list
from sop.selectors.titles import touch_titles
from sop.selectors.week import plans_of_groups, weeks_of_groups
from sop.services.own_planned import own_sends_planned
from sop.services.past_caps import KIND as PAST_CAPS
from sop.services.past_caps import past_caps_granted
from sop.services.runs import offer_end_granted
from sop.views.runs import run_for_groups
from team.selectors import register_load, register_rail
from team.selectors.ranking import Ranked, register_ranked
from team.services import register_approval
from wecom.keeping.assets import register_user

if TYPE_CHECKING:
    from tenants.models import Tenant

HITS = 5


def _search(tenant: "Tenant", text: str) -> list[nav.Hit]:
    """Runs and templates by name."""
    runs = run_list(tenant=tenant).filter(name__icontains=text)[:HITS]
    templates = template_list(tenant=tenant).filter(name__icontains=text)[:HITS]
    found = [
        nav.Hit(kind=_("Runs"), label=run.name, url=tenant_url(tenant, "sop:run", pk=run.pk), icon="route",
                detail=str(run.get_state_display()))
        for run in runs
    ]  # fmt: skip
    for template in templates:
        versions = list(template.versions.all())
        if versions:
            url = tenant_url(tenant, "sop:version", pk=versions[0].pk)
            found.append(nav.Hit(kind=_("Templates"), label=template.name, url=url, icon="route"))
    return found


nav.register(key="sop", label=_("SOP"), icon="route", url_name="sop:runs", order=40)
nav.register_search(_search)
register_panel(
    Panel(
        key="sop",
        label=_("SOP"),
        template="sop/_group_panel.html",
        context=group_panel,
        counted=group_panel_open,
        order=20,
    )
)
register_touches(group_touches)
register_followed(followed_times)
register_weeks(weeks_of_groups)
register_plans(plans_of_groups)
register_bulk(BulkVerb(key="run", label=_("Apply a plan"), open=run_for_groups, order=20))
register_held(held_of_groups)
register_group_panel(group_steps_panel)
register_touch_titles(touch_titles)
register_changes(
    "sop.touch",
    labels={"rule": pgettext_lazy("audit field", "Rule")},
    values={"state": dict(TouchState.choices)},
)
register_camp_people(choices=camps_to_choose, group_ids=camp_group_ids, of_groups=camps_of_groups)
register_changes(
    "sop.template", labels={"group_kind": _("For groups of type")}, values={"group_kind": dict(Kind.choices)}
)
register_user(assets_in_runs)
register_lane(key="festivals", label=_("Festivals"), source=festivals_lane, order=10)
register_lane(key="offers", label=pgettext_lazy("calendar", "Offers"), source=offers_lane, order=20)
register_lane(key="events", label=_("Value events"), source=events_lane, order=30)
register_lane(key="own", label=_("Sent by colleagues"), source=own_lane, order=40)
register_lane(key="incidents", label=_("Incidents"), source=incidents_lane, order=90)
register_load(label=_("SOP minutes, next 24 hours"), provider=minutes_ahead, limit=STAFF_MINUTES_A_DAY)
register_ranked(
    Ranked(
        key="execution",
        label=_("Execution"),
        definition=_(
            "Touches confirmed in their window ÷ touches that fell due. What a rule blocked is nobody's to do and is "
            "left out."
        ),
        case_label=_("Fell due"),
        hit_label=_("In its window"),
        difficulty=_(
            "How people are reached: a post in a group is done sooner than a call or a private chat."
        ),
        cells=done_cells,
        cases=done_cases,
        lines=done_lines,
        stratum_label=channel_label,
        order=40,
    )
)
register_rail(rhythm_rail)
register_approval("sop.deadline", _("Another end of an offer"), offer_end_granted)
register_approval(PAST_CAPS, _("One message past the caps"), past_caps_granted)
register_rail(quota_rail)
register_holding(
    Holding("sop.TouchRecipient", _("Touches planned")),
    Holding("sop.TouchProof", _("Proofs of touches")),
    Holding("sop.RunExit", _("Runs left before their end")),
    Holding("sop.EventSignup", _("Value events")),
    Holding("sop.PulseAnswer", _("How it was: answers")),
)
register_usage(usage_of_materials)
register_told(told_in_steps)
register_camps(camp_leaders)
register_posts(texts_posted)
register_planned(own_sends_planned)
