"""Whose persona is shown: the people of a camp, or everybody (R73)."""

from contacts.selectors.persona import Among
from leads.models import Window

_MEMBERS = (
    "select m.customer_id from leads_windowmember m"
    " where m.tenant_id = %(tenant)s and m.window_id = %(window)s"
)
EVERYBODY = Among()


def camp_people(window: Window) -> Among:
    """Everybody in the camp's window, with the orders placed during it."""
    return Among(_MEMBERS, (("window", window.pk),), window.starts_at, window.ends_at)
