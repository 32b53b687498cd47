"""Tables of quizzes."""

from typing import Any

import django_tables2 as tables
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums.quiz import QuizOutcome
from campaigns.models import QuizEntry
from console.tables import NOTHING, ConsoleTable, NumberColumn
from console.templatetags.q import chip, moment

QUIZ_TONES = {
    QuizOutcome.WON: "confirmed", QuizOutcome.RIGHT: "due", QuizOutcome.GONE: "blocked", QuizOutcome.UNDRAWN: "skipped",
    QuizOutcome.WRONG: "skipped",
}  # fmt: skip


class QuizEntryTable(ConsoleTable):
    """Who answered: when, how many right, and what came out."""

    at = tables.Column(verbose_name=_("When"))
    person = tables.Column(verbose_name=_("Person"), accessor="customer__name", default=NOTHING)
    right_count = NumberColumn(verbose_name=pgettext_lazy("quiz", "Right"))
    outcome = tables.Column(verbose_name=_("Came out"))

    class Meta(ConsoleTable.Meta):
        model = QuizEntry
        fields = ("at", "person", "right_count", "outcome")
        row_header = "person"
        empty_text = _("Nobody has answered yet.")

    def render_at(self, value: Any) -> str:
        return moment(value)

    def render_outcome(self, record: QuizEntry) -> SafeString:
        return chip(QUIZ_TONES[QuizOutcome(record.outcome)], record.get_outcome_display())

    def value_outcome(self, record: QuizEntry) -> str:
        return str(record.get_outcome_display())
