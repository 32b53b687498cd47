"""A company's own limits and rhythms of SOPs."""

from datetime import time

from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare

CLAIM_LEASE_S = declare(
    "sop.claim_lease_s",
    default=120,
    kind=PreferenceKind.INTEGER,
    label=_("Seconds after which an unfinished hand-over is taken up again"),
    minimum=30,
    maximum=900,
)
STAFF_MINUTES_A_DAY = declare(
    "sop.staff_minutes_a_day",
    default=180,
    kind=PreferenceKind.INTEGER,
    label=_("SOP minutes a staff member can give in a day"),
    minimum=10,
    maximum=600,
)
GROUP_MASS_A_DAY = declare(
    "sop.group_mass_a_day",
    default=1,
    kind=PreferenceKind.INTEGER,
    label=_("Mass sends a group and day in a plan"),
    minimum=0,
    maximum=5,
)
REMINDERS_A_DAY = declare(
    "sop.reminders_a_day",
    default=3,
    kind=PreferenceKind.INTEGER,
    label=_("Reminders of one touch in 24 hours"),
    minimum=0,
    maximum=3,
)
REMIND_AFTER_MIN = declare(
    "sop.remind_after_min",
    default=20,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes after which a touch that is due and not done is reminded of"),
    minimum=5,
    maximum=240,
)
POLL_EVERY_S = declare(
    "sop.poll_every_s",
    default=60,
    kind=PreferenceKind.INTEGER,
    label=_("Seconds between two looks at a mass send's result"),
    minimum=10,
    maximum=3600,
)
VALUE_SHARE_MIN = declare(
    "sop.value_share_min",
    default=40,
    kind=PreferenceKind.INTEGER,
    label=_("Least share of group messages that are not marketing, in percent"),
    minimum=0,
    maximum=100,
)
COUNTDOWN_CARD_MIN = declare(
    "sop.countdown_card_min",
    default=20,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes before the offer ends for the final card"),
    minimum=5,
    maximum=55,
)
CERTIFY_AT = declare(
    "sop.certify_at",
    default=time(3, 30),
    kind=PreferenceKind.TIME,
    label=_("When the sends of the day before are counted a second time"),
)
