"""The inbox as tables: events that came in, sends that wait for a person."""

from typing import Any
from urllib.parse import urlencode

import django_filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from console.shell import tenant_url
from console.tables import ConsoleTable, PickColumn
from console.templatetags.q import chip, moment
from wecom import names
from wecom.enums import InboundSource, InboundState, LostKind, SendKind, SendState
from wecom.gateway.reactions import reaction_to

INBOUND_TONES = {
    InboundState.PENDING: "line",
    InboundState.DONE: "ok",
    InboundState.FAILED: "warn",
    InboundState.DEAD: "bad",
    InboundState.DISCARDED: "line",
}
SEND_TONES = {SendState.UNKNOWN: "warn", SendState.FAILED: "bad", SendState.DONE: "ok"}


class InboundFilter(django_filters.FilterSet):
    """By words, by state, by source, by event."""

    q = django_filters.CharFilter(label=_("Event, group or customer"), method="by_text")
    state = django_filters.MultipleChoiceFilter(label=_("State"), choices=InboundState.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=[], method="by_kind")
    source = django_filters.ChoiceFilter(label=_("Source"), choices=InboundSource.choices)
    since = django_filters.DateFilter(label=_("From"), field_name="received_at", lookup_expr="date__gte")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["kind"].extra["choices"] = self._kinds()
        self.form.fields["since"].widget.input_type = "date"

    def _kinds(self) -> list[tuple[str, str]]:
        """The kinds we know, and one that was asked for although we do not."""
        known = names.choices()
        asked = str((self.data or {}).get("kind") or "")
        return known if any(value == asked for value, _n in known) or not asked else [*known, (asked, asked)]

    def by_text(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        found = Q(event__icontains=text) | Q(change_type__icontains=text) | Q(mailbox__icontains=text)
        for event, change in names.called(text):
            found |= Q(event=event, change_type=change) if change else Q(event=event)
        return queryset.filter(found)

    def by_kind(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        event, _bar, change = value.partition("|")
        return queryset.filter(event=event, change_type=change)


class LostFilter(django_filters.FilterSet):
    """By name, by what was read, by what had changed."""

    q = django_filters.CharFilter(label=_("Name or ID"), method="by_text")
    what = django_filters.ChoiceFilter(
        label=_("Kind of data"),
        choices=[
            ("groups", _("Groups")),
            ("customers", _("Customers")),
            ("staff", _("Staff")),
            ("tags", _("Tags")),
        ],
    )
    kind = django_filters.ChoiceFilter(label=_("What had changed"), choices=LostKind.choices)

    def by_text(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        return queryset.filter(Q(title__icontains=text) | Q(subject_id=text))


class LostTable(ConsoleTable):
    """What a comparison put right: about whom, what, how much, when."""

    title = tables.Column(verbose_name=_("Concerns"), empty_values=())
    kind = tables.Column(verbose_name=_("What had changed"))
    count = tables.Column(
        verbose_name=_("Changes"), attrs={"td": {"class": "q-num"}, "th": {"class": "q-num"}}
    )
    found_at = tables.Column(verbose_name=_("Found"))

    class Meta(ConsoleTable.Meta):
        row_header = "title"
        empty_text = _("Nothing was missed.")

    def __init__(self, *args: Any, tenant: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant

    def render_title(self, record: Any) -> SafeString:
        page = {"groups": "groups:list", "customers": "contacts:list", "staff": "team:staff_list"}.get(
            record.what
        )
        name = record.title or record.subject_id
        if page is None or not record.title:
            return format_html("{}", name)
        url = f"{tenant_url(self.tenant, page)}?{urlencode({'q': record.title})}"
        return format_html('<a href="{}">{}</a> <span class="q-3rd">{}</span>', url, name, record.subject_id)

    def value_title(self, record: Any) -> str:
        return f"{record.title} {record.subject_id}".strip()

    def render_found_at(self, value: Any) -> str:
        return moment(value)


class SendFilter(django_filters.FilterSet):
    """By kind and state."""

    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=SendKind.choices)
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[(one.value, one.label) for one in (SendState.UNKNOWN, SendState.FAILED)],
    )


class InboundTable(ConsoleTable):
    """What came in, when, about whom, and what became of it."""

    pick = PickColumn()
    event = tables.Column(verbose_name=_("Event"), empty_values=())
    mailbox = tables.Column(verbose_name=_("Whom it concerns"), orderable=False)
    received_at = tables.Column(verbose_name=_("Received"))
    state = tables.Column(verbose_name=_("State"))
    attempts = tables.Column(
        verbose_name=_("Tries"), attrs={"td": {"class": "q-num"}, "th": {"class": "q-num"}}
    )
    error = tables.Column(verbose_name=_("Error"), orderable=False)

    class Meta(ConsoleTable.Meta):
        row_header = "event"
        empty_text = _("Nothing came in for these filters.")

    def __init__(self, *args: Any, tenant: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant

    def render_event(self, record: Any) -> SafeString:
        url = tenant_url(self.tenant, "wecom:inbox_detail", pk=record.pk)
        name = names.event_name(record.event, record.change_type)
        return format_html('<a href="{}">{}</a>', url, name)

    def value_event(self, record: Any) -> str:
        return f"{record.event} {record.change_type}".strip()

    def render_mailbox(self, value: str) -> SafeString:
        kind, key = names.about(value)
        return format_html('{} <span class="q-code">{}</span>', kind, key[:48])

    def value_mailbox(self, value: str) -> str:
        return value

    def render_received_at(self, value: Any) -> str:
        return moment(value)

    def value_received_at(self, value: Any) -> str:
        return value.isoformat(timespec="seconds")

    def render_state(self, record: Any) -> SafeString:
        return chip(INBOUND_TONES[InboundState(record.state)], record.get_state_display())

    def value_state(self, record: Any) -> str:
        return record.state

    def render_error(self, value: str) -> str:
        return value.strip().splitlines()[-1][:120]

    def value_error(self, value: str) -> str:
        return value


class SendTable(ConsoleTable):
    """What could not be sent, or may have been."""

    kind = tables.Column(verbose_name=_("Send"), empty_values=())
    created_at = tables.Column(verbose_name=_("Queued"))
    state = tables.Column(verbose_name=_("State"))
    error = tables.Column(verbose_name=_("Why"), orderable=False)

    class Meta(ConsoleTable.Meta):
        row_header = "kind"
        empty_text = _("No send waits for a decision.")

    def __init__(self, *args: Any, tenant: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tenant = tenant

    def render_kind(self, record: Any) -> SafeString:
        url = tenant_url(self.tenant, "wecom:send_detail", pk=record.pk)
        text = " ".join(str(record.payload.get("text") or "").split())[:48]
        return format_html(
            '<a href="{}">{}</a> <span class="q-3rd">{}</span>', url, record.get_kind_display(), text
        )

    def value_kind(self, record: Any) -> str:
        return record.kind

    def render_created_at(self, value: Any) -> str:
        return moment(value)

    def value_created_at(self, value: Any) -> str:
        return value.isoformat(timespec="seconds")

    def render_state(self, record: Any) -> SafeString:
        return chip(SEND_TONES.get(SendState(record.state), "line"), record.get_state_display())

    def value_state(self, record: Any) -> str:
        return record.state

    def render_error(self, record: Any, value: str) -> Any:
        if record.state == SendState.UNKNOWN:
            return _("The answer of WeCom was lost")
        return reaction_to(record.error_code).meaning if record.error_code else value[:120]

    def value_error(self, value: str) -> str:
        return value
