"""The table of incidents."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure, moment
from groups.enums import IncidentState
from groups.models import Incident

_TONES = {IncidentState.DRAFT: "is-warn", IncidentState.OPEN: "is-bad", IncidentState.CLOSED: "is-ok"}


class IncidentTable(ConsoleTable):
    """One row an incident, the newest first."""

    title = tables.Column(verbose_name=_("Incident"), attrs={"td": {"class": "is-lead q-wrap"}})
    state = tables.Column(verbose_name=_("State"))
    level = tables.Column(verbose_name=_("How bad"))
    group_count = NumberColumn(verbose_name=_("Groups"))
    task_open = NumberColumn(verbose_name=_("Still to do"))
    owner = tables.Column(verbose_name=_("In whose hands"), empty_values=())
    opened_at = tables.Column(verbose_name=_("Opened"))

    class Meta(ConsoleTable.Meta):
        model = Incident
        fields = ("title", "state", "level", "group_count", "task_open", "owner", "opened_at")
        row_header = "title"

    def __init__(self, *args: Any, tenant_slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug = tenant_slug

    def value_title(self, record: Incident) -> str:
        return record.title

    def render_title(self, record: Incident) -> SafeString:
        url = reverse("groups:incident", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        drill = (
            format_html('<span class="q-tag is-on">{}</span> ', gettext("Drill")) if record.is_drill else ""
        )
        return format_html(
            '{}<a class="q-link" href="{}">{}</a><small>{} · {}</small>',
            drill,
            url,
            record.title,
            record.get_kind_display(),
            record.get_origin_display(),
        )

    def value_state(self, record: Incident) -> str:
        return str(record.get_state_display())

    def render_state(self, record: Incident) -> SafeString:
        tone = _TONES.get(IncidentState(record.state), "")
        return format_html('<span class="q-tag {}">{}</span>', tone, record.get_state_display())

    def value_level(self, record: Incident) -> str:
        return str(record.get_level_display())

    def render_group_count(self, value: int) -> str:
        return figure(value)

    def render_task_open(self, record: Incident, value: int) -> str:
        return "–" if record.is_over else figure(value)

    def render_owner(self, record: Incident) -> str:
        return str(record.owner) if record.owner else "–"

    def render_opened_at(self, value: Any) -> str:
        return moment(value)
