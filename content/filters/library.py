"""Filters of the content library."""

from typing import Any

import django_filters as filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.utils.translation import gettext_lazy as _

from content.enums import EditionState, MaterialType
from content.models import Material
from content.selectors.library import in_validity
from tenants import clock


def _attached(request: Any) -> list[tuple[str, Any]]:
    return [
        ("text", _("Words alone")),
        ("image", _("Picture or poster")),
        ("link", _("Article or link")),
        ("mini_program", _("Mini-program")),
        ("video", _("Video")),
        ("file", _("File")),
    ]


class MaterialFilter(filters.FilterSet):
    """Search, type, state, what goes along, tag. Archived ones show only when asked for."""

    q = filters.CharFilter(label=_("Title, words or tag"), method="search")
    kind = filters.ChoiceFilter(label=_("Type"), choices=MaterialType.choices)
    state = filters.ChoiceFilter(
        label=_("State"),
        choices=[
            ("usable", _("Can be used")),
            *EditionState.choices,
            ("over", _("Past its days")),
            ("archived", _("Archived")),
        ],
        method="stand",
    )
    along = filters.ChoiceFilter(label=_("What goes along"), choices=_attached(None), method="carry")
    tag = filters.CharFilter(method="tagged", label=_("Tag"), widget=HiddenInput)

    class Meta:
        model = Material
        fields: list[str] = []

    def search(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(Q(title__icontains=value) | Q(text__icontains=value) | Q(tags__icontains=value))

    def stand(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        today = clock.local_date(clock.now(), self.request.tenant.timezone)
        if value == "archived":
            return rows.filter(archived_at__isnull=False)
        if value == "usable":
            return rows.filter(in_validity(today), edition__gt=0)
        if value == "over":
            return rows.filter(valid_until__lt=today)
        return rows.filter(state=value)

    def carry(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == "text":
            return rows.filter(attachments=[])
        return rows.filter(attachments__contains=[{"kind": value}])

    def tagged(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(tags__contains=[value])

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("state") == "archived" else found.filter(archived_at=None)
