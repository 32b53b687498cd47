"""The vendor's ceilings per corp, by name; a corp may be given smaller ones so that a test can reach them."""

from __future__ import annotations

DEFAULTS: dict[str, int] = {
    # PROTOCOL 4: one pot for contact ways and join ways.
    "codes": 500_000,
    "temp_codes_a_day": 100_000,
    "tags": 3000,
    "group_welcome_templates": 100,
    "intercept_rules": 100,
    # The vendor names no figure for 41095.
    "acquisition_links": 5000,
    "images_a_day": 1000,
    "images_a_month": 3000,
    "moments_a_minute": 10,
    # Above so many visible staff groupchat/list wants an owner_filter (81017).
    "visible_staff": 1000,
    # Above so many staff in one answer user/list says 45029.
    "staff_an_answer": 10_000,
    "calls_a_minute": 10_000,
    "calls_an_hour": 150_000,
    "corp_tickets_an_hour": 400,
    "agent_tickets_an_hour": 100,
    "group_transfers_a_day": 300,
    "transfers_in_90_days": 2,
    "archive_calls_a_minute": 600,
    "group_members": 500,
}


def checked(changes: dict[str, object]) -> dict[str, int]:
    """Overrides as whole numbers. Raises ValueError for a name that does not exist."""
    unknown = sorted(set(changes) - set(DEFAULTS))
    if unknown:
        raise ValueError(f"unknown limits: {', '.join(unknown)}")
    return {name: int(str(value)) for name, value in changes.items()}
