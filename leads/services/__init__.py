"""Writes of leads. Other apps import from here."""

from leads.services.follow import (
    doubt_answer,
    doubt_raise,
    lead_close,
    lead_confirm_s,
    lead_deny_s,
    lead_follow_up,
    lead_reopen,
    lead_set_next_action,
    lead_set_s,
    lead_snooze,
)
from leads.services.needs import need_drop, need_note, need_tie
from leads.services.orders import order_classes_judge, order_classes_suggest
from leads.services.plan import leads_plan
from leads.services.recompute import leads_recompute
from leads.services.rules import rules_current
from leads.services.share import lead_assign, leads_give, leads_take_back
from leads.services.windows import window_close, window_members_add, window_open, window_rebuild

__all__ = [
    "doubt_answer",
    "doubt_raise",
    "lead_assign",
    "lead_close",
    "lead_confirm_s",
    "lead_deny_s",
    "lead_follow_up",
    "lead_reopen",
    "lead_set_next_action",
    "lead_set_s",
    "lead_snooze",
    "leads_give",
    "leads_plan",
    "leads_recompute",
    "leads_take_back",
    "need_drop",
    "need_note",
    "need_tie",
    "order_classes_judge",
    "order_classes_suggest",
    "rules_current",
    "window_close",
    "window_members_add",
    "window_open",
    "window_rebuild",
]
