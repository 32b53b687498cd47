"""Tables of runs and touches."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from console.formats import minutes_long
from console.tables import ConsoleTable, NarrowFirst, NumberColumn
from console.templatetags.q import chip, day, figure, moment
from sop.models import Run, Touch
from sop.policies import calendar
from sop.selectors.calendar import shown_state
from tenants import clock


class RunTable(ConsoleTable):
    """Runs with their version and where they stand."""

    name = tables.Column(verbose_name=_("Run"))
    version = tables.Column(verbose_name=_("Template"), empty_values=(), orderable=False)
    state = tables.Column(verbose_name=_("State"))
    starts_on = tables.Column(verbose_name=_("Days"))
    offer_ends_at = tables.Column(verbose_name=_("Offer ends"))
    created_by = tables.Column(verbose_name=_("Started by"))

    class Meta(ConsoleTable.Meta):
        model = Run
        fields = ("name", "version", "state", "starts_on", "offer_ends_at", "created_by")
        row_header = "name"

    def __init__(self, *args: Any, tenant_slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug = tenant_slug

    def render_name(self, record: Run) -> SafeString:
        url = reverse("sop:run", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        return format_html('<a href="{}">{}</a>', url, record.name)

    def render_version(self, record: Run) -> str:
        return f"{record.version.template.name} v{record.version.number}"

    def render_state(self, record: Run) -> SafeString:
        return chip(record.state, record.get_state_display())

    def value_state(self, record: Run) -> str:
        return str(record.get_state_display())

    def render_starts_on(self, record: Run) -> str:
        return f"{day(record.starts_on)} – {day(calendar.day_date(record.starts_on, record.days + record.after_days))}"

    def render_offer_ends_at(self, record: Run) -> str:
        return moment(record.offer_ends_at)


class TouchTable(ConsoleTable):
    """Touches: due when, which step, for whom, where they stand and why."""

    planned_at = tables.Column(verbose_name=_("Planned for"))
    step = tables.Column(verbose_name=_("Step"), accessor="step__title")
    group = tables.Column(verbose_name=_("Group"), accessor="group__name", default="–")
    staff = tables.Column(verbose_name=_("Who"), accessor="staff__name", default="–")
    channel = tables.Column(verbose_name=_("Channel"))
    state = tables.Column(verbose_name=_("State, reason, rule"))
    people = NumberColumn(verbose_name=_("People"), accessor="recipients_count")
    lateness = NumberColumn(verbose_name=_("How late"), accessor="lateness_s", default="–")

    class Meta(ConsoleTable.Meta):
        model = Touch
        rows_by = NarrowFirst
        fields = ("planned_at", "step", "group", "staff", "channel", "state", "people", "lateness")
        row_header = "step"

    def __init__(self, *args: Any, tenant_slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug = tenant_slug

    def render_planned_at(self, record: Touch) -> str:
        return moment(record.planned_at)

    def render_step(self, record: Touch) -> SafeString:
        url = reverse("sop:touch", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        return format_html(
            '<a href="{}" hx-get="{}" hx-target="#q-drawer">{}</a><br><small class="q-3rd">{}</small>',
            url, url, record.step.title, record.run.name,
        )  # fmt: skip

    def value_step(self, record: Touch) -> str:
        return f"{record.run.name} / {record.step.title}"

    def render_people(self, record: Touch) -> Any:
        return figure(record.recipients_count if record.handed_at else None)

    def value_people(self, record: Touch) -> int | None:
        return record.recipients_count if record.handed_at else None

    def render_channel(self, record: Touch) -> str:
        return str(record.get_channel_display())

    def render_state(self, record: Touch) -> SafeString:
        mark = chip(shown_state(record, clock.now()), record.get_state_display())
        why = format_html(' <span class="q-code">{}</span>', record.rule_code) if record.rule_code else ""
        said = " · ".join(part for part in (record.reason, self._reminded(record)) if part)
        told = format_html('{}{}<br><small class="q-3rd">{}</small>', mark, why, said)
        return (
            format_html('{} <small class="q-warn">{}</small>', told, self._warned(record))
            if record.warned
            else told
        )

    def _reminded(self, record: Touch) -> str:
        """How often staff were reminded of it; nothing where they were not, or where it is not read along."""
        count = getattr(record, "reminded", None)
        return ngettext("reminded %(n)s time", "reminded %(n)s times", count) % {"n": count} if count else ""

    def _warned(self, record: Touch) -> str:
        """Words it goes out with although the list warns of them; nothing while it has not gone out."""
        if not record.handed_at:
            return ""
        words = gettext(", ").join(gettext("“%(word)s”") % {"word": one} for one in record.warned)
        return gettext("Careful: %(words)s") % {"words": words}

    def value_state(self, record: Touch) -> str:
        return " ".join(
            part
            for part in (
                str(record.get_state_display()),
                record.rule_code,
                record.reason,
                self._reminded(record),
                self._warned(record) if record.warned else "",
            )
            if part
        )

    def render_lateness(self, value: int) -> str:
        return minutes_long(value // 60) if value >= 60 else gettext("on time")

    def value_lateness(self, value: int | None) -> int | None:
        return value
