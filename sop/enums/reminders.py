"""The ladder of reminders for touches that nobody has carried out yet."""

from datetime import time

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare

LATE_REF = "sop.late"  # the leads' task about one staff member's late touches
NUDGE_REF = "sop.nudge"  # a message to a staff member about what waits
MASS_REF = "sop.remind"  # WeCom's own reminder of one mass send
WECOM_MOST = 3  # reminders of one task in 24 hours; WeCom refuses more (41094)


class ReminderWay(models.TextChoices):
    MESSAGE = "message", _("Message in WeCom")
    WECOM = "wecom", _("WeCom's reminder of the mass send")


REMIND_AGAIN_MIN = declare(
    "sop.remind_again_min",
    default=20,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes between two reminders of one person"),
    minimum=5,
    maximum=480,
)
LEADER_AT = declare(
    "sop.remind_leader_at",
    default=3,
    kind=PreferenceKind.INTEGER,
    label=_("Which reminder of a touch goes to the team lead too"),
    minimum=1,
    maximum=3,
)
WORK_FROM = declare(
    "sop.work_from", default=time(8, 0), kind=PreferenceKind.TIME, label=_("Staff are reminded from")
)
WORK_UNTIL = declare(
    "sop.work_until", default=time(22, 0), kind=PreferenceKind.TIME, label=_("Staff are reminded until")
)
