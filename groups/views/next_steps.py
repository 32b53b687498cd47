"""What is left to do once a group is live: the chat in WeCom, its words, its people, its way in, its first plan."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from console.shell import tenant_url
from groups.enums import PLAN_DAYS, Kind, SetupKind
from groups.models import Group
from groups.policies.plan import GroupPlan
from groups.selectors.codes import ways_of_groups
from groups.selectors.panels import plans_of
from groups.selectors.setup_steps import checklists
from groups.services.welcomes import ATTACH
from team.enums import WorkState
from team.selectors import work_items_of


@dataclass(frozen=True)
class NextStep:
    """One thing. `url` is where it is done; `words` are copied for WeCom, where only people can put them."""

    key: str
    label: str
    hint: str
    is_done: bool
    url: str = ""
    url_label: str = ""
    words: str = ""


def next_steps(*, tenant: Any, group: Group, facts: GroupPlan) -> list[NextStep]:
    """The steps of a group in its first days, in their order; [] once all are done. Four queries beside the facts."""
    found = checklists(tenant=tenant, groups=[group], facts={group.pk: facts}).get(group.pk)
    if found is None:
        return []
    page = tenant_url(tenant, "groups:detail", pk=group.pk)
    seated = any(step.kind == SetupKind.SEATS and step.is_done for step in found.steps)
    week = {"since": facts.now - timedelta(days=1), "until": facts.now + timedelta(days=PLAN_DAYS)}
    planned = bool(plans_of(tenant_id=tenant.pk, group_ids=[group.pk], **week))
    steps = [
        NextStep(
            "chat", _("Open the chat in WeCom under this name"),
            _("It is recognised by itself within minutes; what was decided here then belongs to it."),
            bool(group.chat_id), words=group.planned_name or group.name,
        ),
        NextStep(
            "words", _("Put the announcement into the chat"), _("Only people can do that in WeCom; it is read back."),
            bool(group.notice), words=group.announcement,
        ),
        _welcome(tenant, group),
        NextStep(
            "seats", _("Seat people in their order"), _("Admins first, then KOC, atmosphere accounts, then everybody."),
            seated, url=f"{page}?tab=setup", url_label=_("See who is missing"),
        ),
        _way_in(tenant, group, page),
        _plan(tenant, group, planned),
    ]  # fmt: skip
    return [] if all(step.is_done for step in steps) else steps


def _welcome(tenant: Any, group: Group) -> NextStep:
    """The welcome reaches new members once the owner has attached it; done when the owner says so."""
    item = work_items_of(tenant_id=tenant.pk, source_kind=ATTACH, source_ids=[group.pk]).get(group.pk)
    hint = (
        _("The group's owner has the task on Today.")
        if item and item.waits
        else _("Keep it in WeCom, with a picture or mini-program; then its owner is asked to attach it.")
    )
    url = f"{tenant_url(tenant, 'groups:welcome_new')}?group={group.pk}" if group.chat_id else ""
    return NextStep(
        "welcome", _("Have new members greeted"), hint if url else _("Once the chat is open in WeCom."),
        item is not None and item.state == WorkState.DONE, url=url, url_label=_("Prepare the welcome"),
    )  # fmt: skip


def _plan(tenant: Any, group: Group, is_done: bool) -> NextStep:
    """An SOP is started in a chat that is there."""
    url = f"{tenant_url(tenant, 'sop:run_new')}?groups={group.pk}" if group.chat_id else ""
    hint = (
        _("So that the first days have their messages and tasks.")
        if url
        else _("Once the chat is open in WeCom.")
    )
    return NextStep("plan", _("Start an SOP"), hint, is_done, url=url, url_label=_("Choose one"))


def _way_in(tenant: Any, group: Group, page: str) -> NextStep:
    """A code, or invitations where nobody joins by himself (R16)."""
    if group.kind == Kind.SUPER_USER:
        return NextStep(
            "way", _("Invite those who qualify"), _("Nobody joins a super-user group by a code."),
            group.customer_count > 0, url=f"{page}?tab=super", url_label=_("See who qualifies"),
        )  # fmt: skip
    url = f"{tenant_url(tenant, 'groups:code_new')}?group={group.pk}" if group.chat_id else ""
    hint = _("With its channel, so that you see where they come from.")
    return NextStep(
        "way", _("Make a code by which people join"), hint if url else _("Once the chat is open in WeCom."),
        bool(ways_of_groups(tenant_id=tenant.pk, group_ids=[group.pk])), url=url, url_label=_("Make the code"),
    )  # fmt: skip
