"""Reads of leads. Other apps import from here."""

from leads.selectors.leads import (
    leads_of_customer,
    tiers_of,
    undecided_by_source,
    undecided_customer_ids,
    window_list,
    window_of,
)
from leads.selectors.rules import rules_stored

__all__ = [
    "leads_of_customer",
    "rules_stored",
    "tiers_of",
    "undecided_by_source",
    "undecided_customer_ids",
    "window_list",
    "window_of",
]
