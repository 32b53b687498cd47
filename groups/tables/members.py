"""The members of one group as a file; the page itself is `groups/_members.html`."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.exports import moment_cell
from console.tables import ConsoleTable, NumberColumn
from groups.models import Group, Member
from groups.selectors.koc import mark_roles
from groups.selectors.members import inviters_named
from groups.selectors.violations import count_breaches


class MemberTable(ConsoleTable):
    """One row a spell of a person in the group."""

    name = tables.Column(verbose_name=_("Name"), empty_values=())
    role = tables.Column(verbose_name=pgettext_lazy("member of a group", "Role"), empty_values=())
    nickname = tables.Column(verbose_name=_("Name in the group"))
    circle = tables.Column(verbose_name=_("Circle"), empty_values=())
    koc = tables.Column(verbose_name="KOC", empty_values=())
    joined_at = tables.Column(verbose_name=_("Joined"))
    join_scene = tables.Column(verbose_name=_("Came by"), empty_values=())
    invited_by = tables.Column(verbose_name=_("Invited by"), empty_values=())
    channel = tables.Column(verbose_name=_("Channel"), empty_values=())
    breaches = NumberColumn(verbose_name=_("Breaches"), empty_values=())
    left_at = tables.Column(verbose_name=_("Gone since"), empty_values=())
    quit_scene = tables.Column(verbose_name=_("How they went"), empty_values=())
    userid = tables.Column(verbose_name=_("WeCom id"))

    class Meta(ConsoleTable.Meta):
        model = None
        row_header = "name"

    def __init__(self, *args: Any, group: Group, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._group = group

    @cached_property
    def _inviters(self) -> dict[str, str]:
        userids = {row.record.invited_by for row in self.rows}
        return inviters_named(tenant_id=self._group.tenant_id, userids=userids)

    @cached_property
    def _marked(self) -> dict[int, Member]:
        """The rows with what stands beside them: roles and breaches, each read once for all."""
        rows = [row.record for row in self.rows]
        mark_roles(rows, group=self._group)
        count_breaches(rows, group=self._group)
        return {row.pk: row for row in rows}

    def value_name(self, record: Member) -> str:
        return str(record.customer or record.staff or record.userid)

    def value_role(self, record: Member) -> str:
        if record.userid == self._group.owner_userid:
            return gettext("owner")
        if record.userid in self._group.admin_userids:
            return gettext("admin")
        return gettext("staff") if record.is_staff else gettext("customer")

    def value_circle(self, record: Member) -> str:
        found: Any = self._marked[record.pk]
        return str(found.circle.get_circle_display()) if found.circle else ""

    def value_koc(self, record: Member) -> str:
        found: Any = self._marked[record.pk]
        return str(found.koc.get_state_display()) if found.koc else ""

    def value_join_scene(self, record: Member) -> str:
        return str(record.get_join_scene_display())

    def value_invited_by(self, record: Member) -> str:
        return self._inviters.get(record.invited_by, record.invited_by)

    def value_channel(self, record: Member) -> str:
        return str(record.channel or record.state_code)

    def value_breaches(self, record: Member) -> int:
        found: Any = self._marked[record.pk]
        return int(found.breaches)

    def value_left_at(self, record: Member) -> str:
        return moment_cell(record.left_at)

    def value_quit_scene(self, record: Member) -> str:
        return str(record.get_quit_scene_display()) if record.left_at else ""
