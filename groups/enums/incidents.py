"""Blow-ups (R25)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class IncidentKind(models.TextChoices):
    """The two kinds of blow-up (R25)."""

    COMPLAINT = "complaint", _("Group complaint")
    SABOTAGE = "sabotage", _("Competitor sabotage")


class IncidentLevel(models.IntegerChoices):
    """How bad: one group calmly, one group loudly, several groups or the public."""

    MINOR = 1, _("Minor")
    MAJOR = 2, _("Serious")
    CRITICAL = 3, _("Critical")


class IncidentState(models.TextChoices):
    """A draft was opened by a signal and waits for a person to say whether it is one."""

    DRAFT = "draft", _("To be judged")
    OPEN = "open", _("Running")
    CLOSED = "closed", _("Closed")
    DISMISSED = "dismissed", _("False alarm")


class IncidentOrigin(models.TextChoices):
    """What opened it."""

    MANUAL = "manual", _("A person")
    WORDS = "words", _("Complaint words")
    LEAVES = "leaves", _("Many leave at once")


class EntryKind(models.TextChoices):
    """What a line of the timeline is."""

    SIGNAL = "signal", _("Signal")
    NOTE = "note", pgettext_lazy("incident", "Note")
    EVIDENCE = "evidence", _("Evidence")
    STATEMENT = "statement", _("Statement")
    TASK = "task", _("Task")
    FREEZE = "freeze", _("Freeze")
    UNFREEZE = "unfreeze", _("Resume")
    STATE = "state", _("Decision")
