"""What a sensitive word does, and why it is on the list."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WordDoes(models.TextChoices):
    """What a word of the company's own list does. OFF takes a word of the platform's list out."""

    REFUSE = "refuse", _("Refuse to send")
    WARN = "warn", _("Warn only")
    ALLOW = "allow", _("Allowed phrase")
    OFF = "off", _("Not checked")


class WordReason(models.TextChoices):
    """Why a word is on the list."""

    ABSOLUTE = "absolute", _("Absolute claim (Advertising Law, art. 9)")
    MEDICAL = "medical", _("Medical promise (Advertising Law, art. 16)")
    FINANCE = "finance", _("Promise of return (Advertising Law, art. 25)")
    SHARING = "sharing", _("Forced sharing (WeChat's rules on external links)")
    PRIVATE = "private", _("Leads away from the platform or asks for money")
    OWN = "own", _("The company's own")


# What to write instead, where the list itself says nothing better.
REASON_HINTS = {
    WordReason.ABSOLUTE: _("Say what can be shown: a figure, its source and its date."),
    WordReason.MEDICAL: _("Say what it is for. No cure, no rate of success."),
    WordReason.FINANCE: _("Promise no gain, and name the risk."),
    WordReason.SHARING: _("Invite to share. Nothing may depend on it."),
    WordReason.PRIVATE: _("Lead to your own shop or mini-program."),
    WordReason.OWN: "",
}
