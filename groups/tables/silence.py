"""The table of the review of silent members. What stands beside the columns is read once a page."""

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.exports import moment_cell
from console.tables import CellColumn, ConsoleTable, PickColumn
from contacts.enums import BehaviourKind
from groups.enums import SilentReason
from groups.models import SilentCase


def _cell(name: str) -> str:
    return f"groups/_silent_{name}.html"


class SilentTable(ConsoleTable):
    """One row a person and group, longest silent first."""

    pick = PickColumn()
    who = CellColumn(
        template_name=_cell("who"), verbose_name=_("Member"), order_by=("customer__name", "pk"), accessor="pk"
    )
    why = CellColumn(
        template_name=_cell("why"), verbose_name=_("Why"), orderable=False, accessor="reasons",
        attrs={"td": {"class": "is-lead q-wrap"}},
    )  # fmt: skip
    last_at = CellColumn(
        template_name=_cell("last"),
        verbose_name=_("Last activity"),
        empty_values=(),
        order_by=("last_at", "pk"),
    )
    joined = CellColumn(
        template_name=_cell("joined"), verbose_name=_("Joined, invited by"), accessor="member__joined_at",
        order_by=("member__joined_at", "pk"),
    )  # fmt: skip
    group = CellColumn(
        template_name=_cell("group"), verbose_name=pgettext_lazy("column", "Group"),
        order_by=("group__name", "pk"), accessor="group_id",
    )  # fmt: skip
    state = CellColumn(template_name=_cell("state"), verbose_name=_("Decision"))

    class Meta(ConsoleTable.Meta):
        model = SilentCase
        fields = ("pick", "who", "why", "last_at", "joined", "group", "state")
        attrs = {"class": "table q-table is-cards is-snug"}
        row_header = "who"
        empty_text = _("Nobody here.")

    def value_who(self, record: SilentCase) -> str:
        return str(record)

    def value_why(self, record: SilentCase) -> str:
        return ", ".join(str(SilentReason(one).label) for one in record.reasons)

    def value_last_at(self, record: SilentCase) -> str:
        if record.last_at is None:
            return gettext("never")
        return f"{moment_cell(record.last_at)} {BehaviourKind(record.last_kind).label}"

    def value_joined(self, record: SilentCase) -> str:
        return f"{moment_cell(record.member.joined_at)} {record.member.invited_by}".strip()

    def value_group(self, record: SilentCase) -> str:
        return str(record.group)

    def value_state(self, record: SilentCase) -> str:
        return str(record.get_state_display())
