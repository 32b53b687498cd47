"""Choices of quizzes and prize questions (R88); values are stored data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

QUESTIONS_MOST = 10
OPTIONS_MOST = 6
WINNERS_MOST = 10_000


class QuizKind(models.TextChoices):
    """Who of those that answered right gets the prize. One question makes it a prize question."""

    SCORE = "score", _("Everybody with enough right answers, while there are pieces")
    FIRST = "first", _("The first ones with enough right answers")
    DRAW = "draw", _("Drawn among those with enough right answers")


class QuizOutcome(models.TextChoices):
    """What came of somebody's answers."""

    WON = "won", pgettext_lazy("quiz", "Won")
    RIGHT = "right", pgettext_lazy("quiz", "Right, waits for the draw")
    GONE = "gone", pgettext_lazy("quiz", "Right, but none was left")
    UNDRAWN = "undrawn", pgettext_lazy("quiz", "Right, not drawn")
    WRONG = "wrong", pgettext_lazy("quiz", "Not enough right")
