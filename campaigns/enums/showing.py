"""Choices of show-orders (R88); values are stored data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

BEFORE_DAYS_MOST = 365
LOOK_HOURS_MOST = 168
TEXT_LEAST, TEXT_MOST = 10, 500
TRIES_MOST = 5  # of one person: what was refused may be shown anew, but not for ever
PICTURE_BYTES_MOST = 10 * 1024 * 1024  # as much as WeCom takes of a picture


class ShowState(models.TextChoices):
    """Where an order that was shown stands. GONE: it was in order, but no piece or no money was left."""

    WAITING = "waiting", pgettext_lazy("show", "To be looked at")
    GRANTED = "granted", pgettext_lazy("show", "Granted")
    GONE = "gone", pgettext_lazy("show", "In order, but none was left")
    REFUSED = "refused", pgettext_lazy("show", "Not granted")


class ShowFault(models.TextChoices):
    """The only reasons for which a prize may be withheld: what somebody thinks of the goods is none of them."""

    PICTURE = "picture", _("The picture shows nothing that belongs to this order")
    UNREADABLE = "unreadable", _("The picture cannot be made out")
    WORDS = "words", _("The words say nothing about this order")
    COPIED = "copied", _("Words or picture are somebody else's")
    PRIVATE = "private", _("It shows somebody's private data: cover it and send it again")
    LAW = "law", _("It insults somebody or breaks the law")


class ShowRefusal(models.TextChoices):
    """Why an order cannot be shown."""

    FOREIGN = "SHOW-01", _("Choose one of your own paid orders.")
    SHORT = "SHOW-02", _("Write at least ten characters about it.")
    TAKEN = "SHOW-03", _("This order has been shown already.")
    HAD = "SHOW-04", _("You have shown an order already. Each person once.")
    NO_PICTURE = "SHOW-05", _("Add a picture of what came.")
    BAD_PICTURE = "SHOW-06", _("This is no PNG or JPEG picture of up to 10 MB. Choose another one.")
    SAME_PICTURE = "SHOW-07", _("This picture is here already. Take one of your own.")
    LATE = "SHOW-08", _("No more are taken: the time before the end is for looking at them.")
    TOO_OFTEN = "SHOW-09", _("You have tried often enough. Ask in the group what is wrong.")
