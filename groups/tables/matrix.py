"""The table of people who sit in two places."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable
from groups.selectors import group_names_of
from groups.tables.codes import person_link


class OverlapTable(ConsoleTable):
    """Each person once, with all groups the person sits in."""

    name = tables.Column(verbose_name=_("Customer"), empty_values=())
    groups = tables.Column(
        verbose_name=_("Sits in"), empty_values=(), orderable=False, attrs={"td": {"class": "q-wrap"}}
    )

    class Meta(ConsoleTable.Meta):
        model = None
        fields = ("name", "groups")
        row_header = "name"

    def __init__(self, *args: Any, tenant: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant = tenant

    @cached_property
    def _groups(self) -> dict[int, list[str]]:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return group_names_of(tenant_id=self._tenant.pk, customer_ids=[row.record.pk for row in rows])

    def value_name(self, record: Any) -> str:
        return record.name

    def render_name(self, record: Any) -> SafeString:
        return person_link(self._tenant, record)

    def render_groups(self, record: Any) -> str:
        return gettext(", ").join(self._groups.get(record.pk, [])) or "–"
