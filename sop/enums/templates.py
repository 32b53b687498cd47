"""What a template and a step may say."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from groups.enums import Circle


class TemplateKind(models.TextChoices):
    """What a template is for (R40)."""

    CAMP = "camp", _("Camp")
    PLANNING = "planning", _("Planning")
    SETUP = "setup", _("Set-up")
    DAILY = "daily", _("Daily upkeep")
    FLASH = "flash", _("Flash group")
    DELIVERY = "delivery", _("Delivery")
    SUPER_USER = "super_user", _("Super-user group")
    CRISIS = "crisis", _("Crisis")
    WEEK = "week", _("Weekly push table")
    EVENT = "event", _("Value event")


# What may go on in a group beside its camp: work of the staff, and what cannot wait for the camp's end.
BESIDE_A_CAMP = frozenset({TemplateKind.PLANNING, TemplateKind.SETUP, TemplateKind.CRISIS})


class VersionState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")


class Anchor(models.TextChoices):
    """What a step's time is counted from (R41)."""

    RUN_START = "run_start", _("Camp day")
    MEMBER_JOIN = "member_join", _("A member's join")
    OFFER_END = "offer_end", _("End of the offer")
    ABSOLUTE = "absolute", _("A date and time")
    GROUP_TAG = "group_tag", _("A tag given to the group")
    GROUP_SIZE = "group_size", _("A size the group reaches")
    CUSTOMER_TAG = "customer_tag", _("A tag given to a member")
    BEHAVIOUR = "behaviour", _("What a member does")
    ANSWERS = "answers", _("Answers to an earlier step")


# Steps that fire for one person, and those that fire for a whole group: each once, unless the step says again.
PERSON_ANCHORS = frozenset({Anchor.MEMBER_JOIN, Anchor.CUSTOMER_TAG, Anchor.BEHAVIOUR})
GROUP_EVENT_ANCHORS = frozenset({Anchor.GROUP_TAG, Anchor.GROUP_SIZE, Anchor.ANSWERS})
TRIGGER_ANCHORS = PERSON_ANCHORS | GROUP_EVENT_ANCHORS


class Channel(models.TextChoices):
    """How a touch reaches people: one model, one cap, one log (R52)."""

    GROUP_FORWARD = "group_forward", _("Forward to the group")
    GROUP_MASS = "group_mass", _("Group mass send")
    PRIVATE_MASS = "private_mass", _("Private mass send")
    STAFF_TASK = "staff_task", _("Private chat by hand")
    MOMENTS = "moments", _("Moments")
    CALL = "call", _("Phone call")
    SMS = "sms", _("Text message")
    OFFICIAL = "official", _("Official account")
    INTERNAL = "internal", _("Staff work")


GROUP_CHANNELS = frozenset({Channel.GROUP_FORWARD, Channel.GROUP_MASS})
MASS_CHANNELS = frozenset({Channel.GROUP_MASS, Channel.PRIVATE_MASS})
# Pull channels: nobody's phone rings, so they do not count as a message to a person.
PULL_CHANNELS = frozenset({Channel.MOMENTS})
# Work among colleagues: no customer sees it, so no cap, quota or quiet hour concerns it.
INTERNAL_CHANNELS = frozenset({Channel.INTERNAL})
# Reaches no phone: what counts messages leaves these out.
SILENT_CHANNELS = PULL_CHANNELS | INTERNAL_CHANNELS


class Audience(models.TextChoices):
    """Who of a group's members a step is for; resolved when it is sent."""

    MEMBERS = "members", _("All members")
    UNINTERACTED = "uninteracted", _("Without the key interaction")
    INTERACTED = "interacted", _("With the key interaction")
    UNDECIDED = "undecided", _("Undecided leads")
    BUYERS = "buyers", _("Buyers")
    JOINED = "joined", _("Those who just joined")
    SIGNED_UP = "signed_up", _("Those who signed up")
    CORE = "core", _("Core circle")
    INFLUENCE = "influence", _("Influence circle")
    ENGAGED = "engaged", _("Core and influence circles")
    PERIPHERY = "periphery", _("Periphery circle")


# The circles of a touch's own group that an audience means (R21).
CIRCLES_OF: dict[str, tuple[str, ...]] = {
    Audience.CORE: (Circle.CORE,),
    Audience.INFLUENCE: (Circle.INFLUENCE,),
    Audience.ENGAGED: (Circle.CORE, Circle.INFLUENCE),
    Audience.PERIPHERY: (Circle.PERIPHERY,),
}


class ContentType(models.TextChoices):
    """Content types (R60)."""

    NORMS = "norms", _("Norms")
    VALUE = "value", _("Value")
    MARKETING = "marketing", _("Product marketing")
    TOPIC = "topic", _("Topic")
    ACTIVITY = "activity", _("Activity")
    CARE = "care", _("Care")


VALUE_TYPES = frozenset(
    {ContentType.VALUE, ContentType.CARE}
)  # of value by themselves, unless they sell (R76)


class StepRole(models.TextChoices):
    """Who carries a step out."""

    OWNER = "owner", _("Group owner")
    ASSISTANT = "assistant", _("Assistant")
    SALES = "sales", _("Sales")


class Evidence(models.TextChoices):
    """What proves that a step was carried out."""

    SEND_RESULT = "send_result", _("WeCom send result")
    NOTE = "note", _("Archive, reply or screenshot")
    RECORD = "record", _("Own record")


class Mark(models.TextChoices):
    """Peak-end design (R48)."""

    NONE = "", _("None")
    FIRST = "first", _("First")
    PEAK = "peak", _("Peak")
    END = "end", _("End")


class OnBlock(models.TextChoices):
    """What happens when the gate says no."""

    DROP = "drop", _("Drop it")
    DELAY = "delay", _("Send later, inside its window")
    REPLACE = "replace", _("Use another channel")


class CatchUp(models.TextChoices):
    """What happens when the window passed while nothing could be sent."""

    SKIP = "skip", _("Do not send any more")
    LATE = "late", _("Send late")
    ASK = "ask", _("Ask the team lead")


class Strategy(models.TextChoices):
    """The four strategies (R51)."""

    NONE = "", _("None")
    HERD = "herd", _("Herd effect")
    INTERVENTION = "intervention", _("Human intervention")
    MOMENTUM = "momentum", _("Momentum")
    PEAK = "peak", _("Peak experience")
