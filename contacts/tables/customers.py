"""Tables of customers."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from console.exports import moment_cell
from console.tables import ConsoleTable, NumberColumn, PickColumn
from console.templatetags.q import moment, money
from contacts.models import Customer
from contacts.selectors import follow_staff_names, group_names, last_active_at, spent_fen, tags_of
from contacts.selectors.stages import stage_names

SHOWN = 3


class _Facts:
    """What the rows shown need beyond their own columns: one query a fact, whatever the number of rows."""

    def __init__(self, tenant_id: int, ids: list[int]) -> None:
        where: dict[str, Any] = {"tenant_id": tenant_id, "customer_ids": ids}
        self.groups = group_names(**where)
        self.tags = tags_of(**where)
        self.staff = follow_staff_names(**where)
        self.active = last_active_at(**where)
        self.spent = spent_fen(**where)


class CustomerTable(ConsoleTable):
    """Customers: groups, tags, staff, last act, money, since when."""

    pick = PickColumn()
    name = tables.Column(verbose_name=_("Customer"), empty_values=())
    groups = tables.Column(verbose_name=_("Groups"), empty_values=(), orderable=False)
    tags = tables.Column(verbose_name=_("Tags"), empty_values=(), orderable=False)
    staff = tables.Column(verbose_name=_("Friend of"), empty_values=(), orderable=False)
    active = tables.Column(verbose_name=_("Last active"), empty_values=(), orderable=False)
    spent = NumberColumn(verbose_name=_("Bought"), empty_values=(), orderable=False)
    first_seen_at = tables.Column(verbose_name=_("First seen"))
    stage = tables.Column(verbose_name=_("Trust stage"), empty_values=(), visible=False)
    external_userid = tables.Column(verbose_name=_("WeCom id"), visible=False)

    class Meta(ConsoleTable.Meta):
        model = Customer
        fields = ("name", "first_seen_at")
        sequence = (
            "pick", "name", "groups", "tags", "staff", "active", "spent", "first_seen_at", "stage", "external_userid",
        )  # fmt: skip
        row_header = "name"

    def __init__(self, *args: Any, tenant_id: int, tenant_slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant_id, self._slug = tenant_id, tenant_slug

    @cached_property
    def _facts(self) -> _Facts:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return _Facts(self._tenant_id, [row.record.pk for row in rows])

    @cached_property
    def _stages(self) -> dict[int, Any]:
        return stage_names(tenant_id=self._tenant_id)

    def value_name(self, record: Customer) -> str:
        return record.name

    def render_name(self, record: Customer) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        name = record.name or gettext("No name known")
        mark = (
            format_html(' <span class="q-tag is-warn">{}</span>', gettext("No marketing"))
            if record.opt_out_at
            else ""
        )
        return format_html(
            '<a class="{}" href="{}">{}</a>{}', "" if record.name else "q-none", url, name, mark
        )

    def value_groups(self, record: Customer) -> str:
        return ", ".join(self._facts.groups.get(record.pk, []))

    def render_groups(self, record: Customer) -> SafeString:
        return _short(self._facts.groups.get(record.pk, []))

    def value_tags(self, record: Customer) -> str:
        return ", ".join(self._facts.tags.get(record.pk, []))

    def render_tags(self, record: Customer) -> SafeString:
        names = self._facts.tags.get(record.pk, [])
        shown = format_html_join(" ", '<span class="q-tag">{}</span>', ((name,) for name in names[:SHOWN]))
        return _more(shown, names) if names else _none()

    def value_staff(self, record: Customer) -> str:
        return ", ".join(self._facts.staff.get(record.pk, []))

    def render_staff(self, record: Customer) -> SafeString:
        return _short(self._facts.staff.get(record.pk, []))

    def value_active(self, record: Customer) -> str:
        at = self._facts.active.get(record.pk)
        return moment_cell(at)

    def render_active(self, record: Customer) -> Any:
        at = self._facts.active.get(record.pk)
        return moment(at) if at else _none()

    def value_spent(self, record: Customer) -> str:
        fen = self._facts.spent.get(record.pk)
        return f"{fen / 100:.2f}" if fen is not None else ""

    def render_spent(self, record: Customer) -> Any:
        fen = self._facts.spent.get(record.pk)
        return money(fen) if fen is not None else _none()

    def value_stage(self, record: Customer) -> str:
        return str(self._stages[record.stage])

    def render_first_seen_at(self, record: Customer) -> Any:
        return moment(record.first_seen_at)


def _none() -> SafeString:
    return format_html('<span class="q-none">{}</span>', "–")


def _short(names: list[str]) -> SafeString:
    """Two names and how many more."""
    if not names:
        return _none()
    return _more(format_html("{}", gettext(", ").join(names[:SHOWN])), names)


def _more(shown: SafeString, names: list[str]) -> SafeString:
    if len(names) <= SHOWN:
        return shown
    return format_html(
        '{} <span class="q-3rd" title="{}">+{}</span>', shown, gettext(", ").join(names), len(names) - SHOWN
    )
