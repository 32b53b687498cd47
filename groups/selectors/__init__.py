"""Reads of groups. Staff never count as customers; one person in three groups is one in totals (R37, R101)."""

from groups.selectors.activity import ACTIVE_KINDS, active_members, last_messages
from groups.selectors.facts import answers_of, approvals_of, group_facts, group_facts_many, limits_of
from groups.selectors.lists import (
    change_list,
    group_counts,
    group_get,
    group_ids_by_chat,
    group_list,
    groups_by_id,
    groups_open,
)
from groups.selectors.members import (
    Counts,
    counts,
    customer_groups,
    group_names_of,
    member_list,
    members_current,
    members_since,
    people_total,
    staff_in,
)
from groups.selectors.panels import Panel, Touches, panels, register_panel, register_touches, touches_of

__all__ = [
    "ACTIVE_KINDS",
    "Counts",
    "Panel",
    "Touches",
    "active_members",
    "answers_of",
    "approvals_of",
    "change_list",
    "counts",
    "customer_groups",
    "group_counts",
    "group_facts",
    "group_facts_many",
    "group_get",
    "group_ids_by_chat",
    "group_list",
    "group_names_of",
    "groups_by_id",
    "groups_open",
    "last_messages",
    "limits_of",
    "member_list",
    "members_current",
    "members_since",
    "panels",
    "people_total",
    "register_panel",
    "register_touches",
    "staff_in",
    "touches_of",
]
