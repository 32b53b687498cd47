"""The audit trail as a table."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import django_filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.audit_changes import change_words
from console.audit_words import verb_label, verbs_named
from console.filters import LateChoices
from console.tables import ConsoleTable
from console.templatetags.q import moment
from tenants import clock
from tenants.selectors import audit_actors, audit_target_name, audit_verbs

LOOKED_BACK = timedelta(days=90)


class AuditFilter(django_filters.FilterSet):
    """By words, by who, by what was done, by day; by one object or one entry, where a link names it.

    Words are looked for in the last LOOKED_BACK when no day says otherwise: a trail grows for ever.
    """

    q = django_filters.CharFilter(label=_("Person or object"), method="by_text")
    who = django_filters.ChoiceFilter(label=pgettext_lazy("audit", "Who"), method="by_actor")
    verb = django_filters.CharFilter(label=pgettext_lazy("audit", "What"), method="by_verb")
    target = django_filters.ChoiceFilter(label=_("Object"), method="by_target")
    entry = django_filters.NumberFilter(label=_("Entry"), field_name="pk")
    since = django_filters.DateFilter(label=_("From"), method="by_first_day")
    until = django_filters.DateFilter(label=_("Until"), method="by_last_day")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tenant, asked = self.request.tenant, self.data.get("target", "")
        self.filters["who"].extra["choices"] = LateChoices(lambda: audit_actors(tenant=tenant))
        if asked:
            kind, _colon, pk = asked.partition(":")
            told = audit_target_name(tenant=tenant, kind=kind, pk=pk)
            self.filters["target"].extra["choices"] = [(asked, told or pk)]
        for name in ("target", "entry"):
            if not self.data.get(name):
                del self.filters[name]
        for name in ("since", "until"):
            self.form.fields[name].widget.input_type = "date"

    def by_actor(self, queryset: QuerySet, name: str, who: str) -> QuerySet:
        kind, _colon, pk = who.partition(":")
        return queryset.filter(actor_kind=kind, actor_id=int(pk) if pk else None)

    def by_target(self, queryset: QuerySet, name: str, target: str) -> QuerySet:
        kind, _colon, pk = target.partition(":")
        return queryset.filter(target_kind=kind, target_id=pk)

    def by_text(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        if not self.data.get("since"):
            queryset = queryset.filter(at__gt=clock.now() - LOOKED_BACK)
        return queryset.filter(Q(actor_name__icontains=text) | Q(target_name__icontains=text))

    def by_verb(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        """By the words people read, or by the stored verb."""
        stored = [one for one in audit_verbs(tenant=self.request.tenant) if text.lower() in one]
        return queryset.filter(verb__in={*verbs_named(text), *stored})

    def by_first_day(self, queryset: QuerySet, name: str, day: date) -> QuerySet:
        return queryset.filter(at__gte=clock.day_bounds(day, self.request.tenant.timezone)[0])

    def by_last_day(self, queryset: QuerySet, name: str, day: date) -> QuerySet:
        return queryset.filter(at__lt=clock.day_bounds(day, self.request.tenant.timezone)[1])


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
        if record.redacted_at:
            return gettext("Erased on request")
        if not record.target_name:
            return "–"
        target = urlencode({"target": f"{record.target_kind}:{record.target_id}"})
        title = gettext("Everything that was done with this")
        return format_html('<a href="?{}" title="{}">{}</a>', target, title, record.target_name)

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
