"""The table of the group list. What stands in a row beyond its columns is read once a page: `record.glance`."""

from functools import cached_property

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from console.tables import CellColumn, ConsoleTable, NumberColumn, PickColumn
from groups.enums import Risk
from groups.models import Group
from groups.selectors.group_tags import tags_by_group


def _cell(name: str) -> str:
    return f"groups/_cell_{name}.html"


class GroupTable(ConsoleTable):
    """One row a group, worst first."""

    pick = PickColumn()
    name = CellColumn(template_name=_cell("name"), verbose_name=_("Group"), order_by=("name", "pk"))
    state = CellColumn(template_name=_cell("state"), verbose_name=_("Stage"))
    risk = CellColumn(
        template_name=_cell("health"), verbose_name=_("Health and cause"), order_by=("-risk", "ends_on", "pk"),
        attrs={"td": {"class": "is-lead q-wrap"}},
    )  # fmt: skip
    members = CellColumn(
        template_name=_cell("members"), verbose_name=_("Members / target"), order_by=("customer_count", "pk"),
        accessor="customer_count", attrs={"td": {"class": "q-num"}, "th": {"class": "q-num"}},
    )  # fmt: skip
    active = CellColumn(
        template_name=_cell("active"), verbose_name=_("Active, 7 days"), orderable=False, accessor="pk",
        exclude_from_export=True, attrs={"td": {"class": "q-num"}, "th": {"class": "q-num"}},
    )  # fmt: skip
    ahead = CellColumn(
        template_name=_cell("ahead"), verbose_name=_("Next 7 days"), orderable=False, accessor="pk",
        exclude_from_export=True, attrs={"td": {"class": "q-num"}, "th": {"class": "q-num"}},
    )  # fmt: skip
    owner = CellColumn(
        template_name=_cell("owner"), verbose_name=_("Owner, synced"), order_by=("owner__name", "pk")
    )
    tags = tables.Column(verbose_name=_("Group tags"), empty_values=(), orderable=False, visible=False)
    staff_count = NumberColumn(verbose_name=_("Staff"), visible=False)
    chat_id = tables.Column(verbose_name=_("WeCom group id"), visible=False)

    class Meta(ConsoleTable.Meta):
        model = Group
        fields = ("pick", "name", "state", "risk", "members", "active", "ahead", "owner")
        attrs = {"class": "table q-table is-cards is-snug"}
        row_header = "name"

    def value_name(self, record: Group) -> str:
        return str(record)

    def value_state(self, record: Group) -> str:
        return str(record.get_state_display())

    def value_risk(self, record: Group) -> str:
        return f"{Risk(record.risk).label} {record.risk_code}".strip()

    def value_members(self, record: Group) -> int | None:
        """Everyone in the chat, as the column shows it; nothing where nobody knows who sits in it."""
        return record.customer_count + record.staff_count if record.knows_members else None

    def value_staff_count(self, record: Group) -> int | None:
        return record.staff_count if record.knows_members else None

    def value_owner(self, record: Group) -> str:
        return str(record.owner or record.owner_userid)

    @cached_property
    def _tags(self) -> dict[int, str]:
        ids = {row.record.pk: row.record.tenant_id for row in self.rows}
        tenant_id = next(iter(ids.values()), 0)
        found = tags_by_group(tenant_id=tenant_id, group_ids=ids)
        return {group_id: " ".join(tag.name for tag in tags) for group_id, tags in found.items()}

    def value_tags(self, record: Group) -> str:
        return self._tags.get(record.pk, "")
