"""What can be done to a draft."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EditVerb(models.TextChoices):
    """One edit of a draft."""

    ADD = "add", _("added")
    CHANGE = "change", _("changed")
    MOVE = "move", _("moved")
    COPY = "copy", _("copied")
    REMOVE = "remove", _("taken out")
    UNDO = "undo", _("undone")
