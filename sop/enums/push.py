"""The weekly push table, the topic bank and value events: words, times, targets of a company (R61, R62, R64, R65)."""

from datetime import time

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from groups.enums import Slot
from sop.enums.templates import Channel, ContentType, TemplateKind
from tenants.enums import PreferenceKind
from tenants.preferences import Declared, declare

# Carried out by the engine like any run, but never shown among templates and camps.
HIDDEN_KINDS = (TemplateKind.WEEK, TemplateKind.EVENT)
PUSH_CHANNELS = (Channel.GROUP_FORWARD, Channel.GROUP_MASS, Channel.MOMENTS)
PUSH_TYPES = (
    ContentType.NORMS, ContentType.VALUE, ContentType.TOPIC, ContentType.ACTIVITY, ContentType.MARKETING,
)  # fmt: skip

PUSH_MORNING_AT = declare(
    "sop.push_morning_at", default=time(8, 0), kind=PreferenceKind.TIME,
    label=_("Weekly push table: time of the morning slot"),
)  # fmt: skip
PUSH_NOON_AT = declare(
    "sop.push_noon_at", default=time(12, 0), kind=PreferenceKind.TIME,
    label=_("Weekly push table: time of the noon slot"),
)  # fmt: skip
PUSH_EVENING_AT = declare(
    "sop.push_evening_at", default=time(20, 0), kind=PreferenceKind.TIME,
    label=_("Weekly push table: time of the evening slot"),
)  # fmt: skip
PUSH_AT: dict[str, Declared] = {
    Slot.MORNING: PUSH_MORNING_AT, Slot.NOON: PUSH_NOON_AT, Slot.EVENING: PUSH_EVENING_AT,
}  # fmt: skip
PUSH_WINDOW_MIN = declare(
    "sop.push_window_min", default=90, kind=PreferenceKind.INTEGER, minimum=15, maximum=720,
    label=_("Weekly push table: minutes in which a slot may still go out"),
)  # fmt: skip
MIX_NORMS_MIN = declare(
    "sop.mix_norms_min", default=1, kind=PreferenceKind.INTEGER, minimum=0, maximum=21,
    label=_("Content mix: norms a week, at least"),
)  # fmt: skip
MIX_VALUE_PERCENT = declare(
    "sop.mix_value_percent", default=40, kind=PreferenceKind.INTEGER, minimum=0, maximum=100,
    label=_("Content mix: value in percent of a week, at least"),
)  # fmt: skip
MIX_TOPICS_MIN = declare(
    "sop.mix_topics_min", default=2, kind=PreferenceKind.INTEGER, minimum=0, maximum=21,
    label=_("Content mix: topics a week, at least"),
)  # fmt: skip
MIX_ACTIVITIES_MIN = declare(
    "sop.mix_activities_min", default=1, kind=PreferenceKind.INTEGER, minimum=0, maximum=21,
    label=_("Content mix: activities a week, at least"),
)  # fmt: skip
TOPIC_ANSWER_HOURS = declare(
    "sop.topic_answer_hours", default=24, kind=PreferenceKind.INTEGER, minimum=1, maximum=168,
    label=_("Hours in which an answer to a topic counts"),
)  # fmt: skip
EVENT_CALL_DAYS = declare(
    "sop.event_call_days", default=3, kind=PreferenceKind.INTEGER, minimum=0, maximum=30,
    label=_("Days before a value event when its groups are invited"),
)  # fmt: skip


class EventKind(models.TextChoices):
    """What a value event is (R64)."""

    TALK = "talk", _("Expert talk")
    KOL = "kol", _("KOL topic")
    SALON = "salon", _("Offline salon")


class EventState(models.TextChoices):
    OPEN = "open", pgettext_lazy("event", "Open")
    CANCELLED = "cancelled", _("Called off")


class SignupOrigin(models.TextChoices):
    """How we know that somebody signed up or came."""

    PAGE = "page", _("By the phone page")
    HAND = "hand", _("Entered by hand")
    FILE = "file", _("From a file")
