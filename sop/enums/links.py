"""The five links of a bootcamp and the parts each must have (R42 to R46)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Link(models.IntegerChoices):
    """The five links, in their order (R42)."""

    PRE_CAMP = 1, _("1 Pre-camp talk")
    ACTIVATION = 2, _("2 Activation")
    NURTURE = 3, _("3 Nurture")
    CONVERSION = 4, _("4 Conversion")
    CLOSE = 5, _("5 Close")


class Part(models.TextChoices):
    """What a step brings to its link. A step may bring several."""

    WHO = "who", _("Who we are, what you get")
    BRAND = "brand", _("The brand in short")
    NEXT = "next", _("What happens next")
    PROFILE = "profile", _("User information")
    PROOF = "proof", _("Why trust us")
    CORE = "core", _("Core experience")
    START = "start", _("How to start")
    REWARD = "reward", _("Rewards")
    MEMBERS = "members", _("Members introduce themselves")
    BENEFIT = "benefit", _("Value or a benefit")
    HOMEWORK = "homework", _("Homework by private chat")
    KEY = "key", _("Key interaction")
    MOOD = "mood", _("Atmosphere")
    VISIT = "visit", _("One-to-one visit")
    ORDERS = "orders", _("Order classes")
    PERSONA = "persona", _("Buyer persona")
    TIERS = "tiers", _("Intent tiers")
    ASSURE = "assure", _("Trust in the offer")
    FOLLOW = "follow", pgettext_lazy("leads", "Follow-up")
    WAKE = "wake", _("Wake-up red packet")
    RELAY = "relay", _("Group relay")
    STREAM = "stream", _("Order stream")
    TIMER = "timer", _("Product countdown")


# What a link cannot do without. A benefit and homework are optional; frequent touch and the countdown show in channels
# and anchors.
LINK_PARTS: dict[int, tuple[Part, ...]] = {
    Link.PRE_CAMP: (Part.WHO, Part.BRAND, Part.NEXT, Part.PROFILE),
    Link.ACTIVATION: (Part.PROOF, Part.CORE, Part.START, Part.REWARD, Part.MEMBERS),
    Link.NURTURE: (Part.KEY, Part.MOOD, Part.VISIT),
    Link.CONVERSION: (Part.ORDERS, Part.PERSONA, Part.TIERS, Part.ASSURE, Part.FOLLOW),
}
# The four nodes of a flash group, in their order (R89).
FLASH_NODES = (Part.WAKE, Part.RELAY, Part.STREAM, Part.TIMER)
# Before the offer ends, in minutes: three reminders; the card follows them (R92).
COUNTDOWN_MINUTES = (-180, -120, -60)
