"""Conversation tasks that a broadcast leaves behind (R55)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

TALK_MOST_BROADCASTS = 5  # a run with so many broadcasts and no conversation is flagged
TALK_WINDOW_HOURS = 24  # a task waits so long for its person


class TalkFor(models.TextChoices):
    """With whom a colleague talks after a broadcast."""

    NONE = "", _("With nobody")
    CLICKED = "clicked", _("Who clicked a link of it")
    REPLIED = "replied", _("Who replied")
    INTERACTED = "interacted", _("Who did the key interaction")
    SILENT = "silent", _("Who was reached and stayed silent")
