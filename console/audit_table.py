"""The audit trail as a table."""

from typing import Any

import django_filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.audit_changes import change_words
from console.audit_words import verb_label, verbs_named
from console.tables import ConsoleTable
from console.templatetags.q import moment


class AuditFilter(django_filters.FilterSet):
    """By words, by what was done, by day."""

    q = django_filters.CharFilter(label=_("Person or object"), method="by_text")
    verb = django_filters.CharFilter(label=pgettext_lazy("audit", "What"), method="by_verb")
    since = django_filters.DateFilter(label=_("From"), field_name="at", lookup_expr="date__gte")
    until = django_filters.DateFilter(label=_("Until"), field_name="at", lookup_expr="date__lte")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("since", "until"):
            self.form.fields[name].widget.input_type = "date"

    def by_text(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        return queryset.filter(Q(actor_name__icontains=text) | Q(target_name__icontains=text))

    def by_verb(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        """By the words people read, or by the stored verb."""
        return queryset.filter(Q(verb__in=verbs_named(text)) | Q(verb__icontains=text))


class AuditTable(ConsoleTable):
    """When, who, what, to what, with the values before and after."""

    at = tables.Column(verbose_name=_("When"))
    actor_name = tables.Column(verbose_name=pgettext_lazy("audit", "Who"))
    verb = tables.Column(verbose_name=pgettext_lazy("audit", "What"))
    target_name = tables.Column(verbose_name=_("Object"), orderable=False, empty_values=())
    changes = tables.Column(
        verbose_name=_("Before and after"),
        orderable=False,
        empty_values=(),
        attrs={"td": {"class": "is-full"}},
    )

    class Meta(ConsoleTable.Meta):
        empty_text = _("Nothing was recorded for these filters.")

    def render_at(self, value: Any) -> str:
        return moment(value)

    def value_at(self, value: Any) -> str:
        return value.isoformat(timespec="seconds")

    def render_verb(self, value: str) -> SafeString:
        return format_html('<span title="{}">{}</span>', value, verb_label(value))

    def value_verb(self, value: str) -> str:
        return value

    def render_target_name(self, record: Any) -> str:
        return gettext("Erased on request") if record.redacted_at else record.target_name or "–"

    def value_target_name(self, record: Any) -> str:
        return gettext("Erased on request") if record.redacted_at else record.target_name

    def render_changes(self, record: Any) -> SafeString:
        told = change_words(record.target_kind, record.changes)
        rows = [(one.label, f"{one.before} → " if one.before else "", one.after) for one in told]
        parts = format_html_join(" · ", "{} {}<b>{}</b>", rows)
        why = format_html("<br>{}", record.reason) if record.reason else ""
        return format_html('<span class="q-diff">{}{}</span>', parts or "–", why)

    def value_changes(self, record: Any) -> str:
        return "; ".join(f"{key}: {_shown(a)} -> {_shown(b)}" for key, (a, b) in _pairs(record.changes))


def _pairs(changes: dict[str, Any]) -> list[tuple[str, tuple[Any, Any]]]:
    return [
        (key, (value[0], value[1]) if isinstance(value, list) and len(value) == 2 else (None, value))
        for key, value in changes.items()
    ]


def _shown(value: Any) -> str:
    return "–" if value is None or value == "" else str(value)
