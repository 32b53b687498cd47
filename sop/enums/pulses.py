"""How people say how it was (R48)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

PULSE_DAYS = 7  # how long after it was sent a question may be answered


class Score(models.IntegerChoices):
    """Words for the five answers; the best first, as people read them."""

    VERY_GOOD = 5, _("Very good")
    GOOD = 4, _("Good")
    MIDDLING = 3, _("So-so")
    NOT_GOOD = 2, _("Not so good")
    BAD = 1, _("Bad")
