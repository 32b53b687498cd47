"""Choices of the WeCom door, and the settings of a tenant that concern it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.enums import PreferenceKind
from tenants.preferences import declare


class AppState(models.TextChoices):
    """Whether calls go out for an app. Only `connected` apps are called by the drains and syncs."""

    NEW = "new", _("Not connected yet")
    CONNECTED = "connected", _("Connected")
    BROKEN = "broken", _("Stopped")
    PAUSED = "paused", _("Paused")


class InboundSource(models.TextChoices):
    CALLBACK = "callback", _("WeCom callback")
    API = "api", _("Event API")
    FILE = "file", _("File")


class InboundState(models.TextChoices):
    """`failed` waits for its next try; `dead` and `discarded` wait for nobody."""

    PENDING = "pending", _("Waiting")
    DONE = "done", _("Processed")
    FAILED = "failed", _("Will be tried again")
    DEAD = "dead", _("Needs a decision")
    DISCARDED = "discarded", _("Discarded")


INBOUND_OPEN = (InboundState.PENDING, InboundState.FAILED)


class SendState(models.TextChoices):
    """`unknown` is parked: WeCom may have done it, so only a person or a reconciliation decides."""

    QUEUED = "queued", _("Waiting")
    CLAIMED = "claimed", _("Being sent")
    DONE = "done", _("Accepted by WeCom")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Outcome unknown")
    CANCELLED = "cancelled", _("Cancelled")


SEND_FINAL = (SendState.DONE, SendState.FAILED, SendState.CANCELLED)


class LostKind(models.TextChoices):
    """What had changed at WeCom without a callback telling us."""

    MADE = "made", _("Group made")
    MEMBERS = "members", _("Members came or left")
    ABOUT = "about", _("Name, announcement or owner")
    DISSOLVED = "dissolved", _("Group dissolved")
    TIE = "tie", _("Friendship with a staff member")
    STANDING = "standing", _("Staff came, left or changed rights")
    TAGS = "tags", _("Corp tags")


class Choice(models.TextChoices):
    """What a person decides about a send whose outcome nobody knows."""

    DONE = "done", _("It was sent")
    AGAIN = "again", _("Send it again")
    DROP = "drop", _("Drop it")


class SendKind(models.TextChoices):
    APP_MESSAGE = "app_message", _("Message to staff")
    MASS_SEND = "mass_send", _("Mass send")
    REMIND_MASS_SEND = "remind_mass_send", _("Reminder of a mass send")
    CANCEL_MASS_SEND = "cancel_mass_send", _("Cancellation of a mass send")
    WELCOME = "welcome", _("Welcome message")
    KEPT_MAKE = "kept_make", _("New code or template")
    KEPT_CHANGE = "kept_change", _("Change of a code or template")
    TRANSFER_GROUPS = "transfer_groups", _("New owner of groups")
    TRANSFER_CUSTOMERS = "transfer_customers", _("Hand-over of customers")
    MARK_TAG = "mark_tag", _("Tag of a customer")


class KeptState(models.TextChoices):
    """Where a code or template stands at WeCom. `unknown`: nobody can tell whether it was made."""

    WAITING = "waiting", _("On its way to WeCom")
    LIVE = "live", _("In use")
    FAILED = "failed", _("Refused by WeCom")
    UNKNOWN = "unknown", _("Outcome unknown")
    ENDED = "ended", _("Removed")


class MediaKind(models.TextChoices):
    """Kinds of media as WeCom names them (PROTOCOL 3.10)."""

    IMAGE = "image", _("Picture")
    VIDEO = "video", _("Video")
    FILE = "file", _("File")


class ReceiverKind(models.TextChoices):
    GROUP = "group", _("Group")
    CUSTOMER = "customer", _("Customer")


class QuotaSource(models.TextChoices):
    CORP = "corp", _("Sent by the company")
    PERSONAL = "personal", _("Sent by the member")


class OwnKind(models.TextChoices):
    """What colleagues send by themselves. The values are WeCom's chat types where it has one."""

    GROUP = "group", _("Mass send into groups")
    SINGLE = "single", _("Mass send to customers")
    MOMENT = "moment", _("Post in Moments")


class QuotaRule(models.TextChoices):
    """How often WeCom lets one receiver get mass sends (PROTOCOL section 4)."""

    MONTH_DAYS = "month_days", _("As many a month as it has days")
    SEVEN_A_WEEK = "7_week", _("7 a week")
    ONE_A_DAY = "1_day", _("1 a day")


class QuotaRuleSource(models.TextChoices):
    """Who says so."""

    STATED = "stated", _("Stated by an administrator")
    MIGRATED = "migrated", _("Taken over from the former setting")


PERSONAL_POLL_MIN = declare(
    "wecom.personal_poll_min",
    default=10,
    kind=PreferenceKind.INTEGER,
    label=_("Minutes between two readings of members' own mass sends"),
    help=_("They use up the same limit as the company's."),
    minimum=5,
    maximum=1440,
)
OWN_MOMENTS_COUNT = declare(
    "wecom.own_moments_count",
    default=True,
    kind=PreferenceKind.FLAG,
    label=_("Posts in Moments count as messages to whom they reach"),
    help=_(
        "Of what colleagues posted, as WeCom tells. Each takes a place of the person's messages of the day."
    ),
)
WELCOME_TEXT = declare(
    "wecom.welcome_text",
    default="",
    kind=PreferenceKind.TEXT,
    label=_("Welcome message to a new customer"),
    help=_("Sent once, within 20 seconds. Empty: nothing is sent."),
)
EVENT_API_PER_MINUTE = declare(
    "wecom.event_api_per_minute",
    default=600,
    kind=PreferenceKind.INTEGER,
    label=_("Event API: requests a minute and key"),
    minimum=1,
    maximum=60000,
)
RECONCILE_HOUR = declare(
    "wecom.reconcile_hour",
    default=3,
    kind=PreferenceKind.INTEGER,
    label=_("Hour of the nightly comparison with WeCom"),
    minimum=0,
    maximum=23,
)
