"""Tables of join plays."""

from typing import Any

import django_tables2 as tables
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums.joining import JoinState
from campaigns.models import Joiner
from console.tables import NOTHING, ConsoleTable
from console.templatetags.q import chip, moment

JOIN_TONES = {
    JoinState.WAITING: "due", JoinState.GOT: "confirmed", JoinState.MISSED: "line", JoinState.BACK: "blocked",
}  # fmt: skip


class JoinerTable(ConsoleTable):
    """Who joined: when, where, how it stands, and why somebody gets nothing."""

    joined_at = tables.Column(verbose_name=pgettext_lazy("group", "Joined"))
    person = tables.Column(
        verbose_name=_("Person"), accessor="customer__name", default=NOTHING, empty_values=()
    )
    group = tables.Column(verbose_name=_("Group"), accessor="group__name")
    state = tables.Column(verbose_name=_("State"))
    reason = tables.Column(verbose_name=_("Why"), default=NOTHING)
    done_at = tables.Column(verbose_name=_("Task done"), default=NOTHING)
    left_at = tables.Column(verbose_name=pgettext_lazy("group", "Left"), default=NOTHING)

    class Meta(ConsoleTable.Meta):
        model = Joiner
        fields = ("joined_at", "person", "group", "state", "reason", "done_at", "left_at")
        row_header = "person"
        empty_text = _("Nobody has joined since the start.")

    def render_joined_at(self, value: Any) -> str:
        return moment(value)

    def render_done_at(self, value: Any) -> str:
        return moment(value)

    def render_left_at(self, value: Any) -> str:
        return moment(value)

    def render_person(self, record: Joiner) -> str:
        return str(record.customer or record.staff)

    def render_state(self, record: Joiner) -> SafeString:
        return chip(JOIN_TONES[JoinState(record.state)], record.get_state_display())

    def value_state(self, record: Joiner) -> str:
        return str(record.get_state_display())

    def render_reason(self, record: Joiner) -> str:
        return str(record.get_reason_display())
