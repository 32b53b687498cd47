"""States and rules of trial flights."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class FlightState(models.TextChoices):
    """Where a trial flight stands."""

    WAITING = "waiting", _("Waits")
    DONE = "done", _("Flown")
    FAILED = "failed", _("Could not be flown")


class FlightFault(models.TextChoices):
    """What a trial flight finds."""

    QUIET = "FLY-01", _("Planned into the quiet hours")
    CAPPED = "FLY-02", _("Held back: people would get too many messages")
    QUOTA = "FLY-03", _("Held back: WeCom's mass-send limit is used up")
    STAFF = "FLY-04", _("More than the staff can do in a day")
    SLEEP = "FLY-05", _("Nothing happens for days")
    CLOSE = "FLY-06", _("Two messages to one group within half an hour")
    OTHER = "FLY-07", _("Held back by another rule")
    VALUE = "FLY-08", _("Sold in private to newcomers before anything of value reached them")


SLEEP_DAYS = 3  # so many days in a row without a message
CLOSE_MINUTES = 30
