"""A company's own limits of content."""

from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare

CLICKS_A_MINUTE = declare(
    "content.clicks_a_minute",
    default=60,
    kind=PreferenceKind.INTEGER,
    label=_("Clicks a visitor and minute that count"),
    minimum=5,
    maximum=600,
)
IDENTITY_DAYS = declare(
    "content.identity_days",
    default=30,
    kind=PreferenceKind.INTEGER,
    label=_("Days a visitor stays known on radar links"),
    minimum=1,
    maximum=180,
)
