"""Tables of insights: groups beside their peers, and who came or went."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from analytics.models import DayFigures
from analytics.selectors.days import Peers, age_of
from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import figure, moment, percent, signed

AGE_LABELS = (
    gettext_lazy("first week"), gettext_lazy("1–4 weeks"), gettext_lazy("1–3 months"), gettext_lazy("older"),
)  # fmt: skip


class LeagueTable(ConsoleTable):
    """Groups beside their peers: those of the same type and age."""

    group = tables.Column(verbose_name=gettext_lazy("Group"), order_by="group__name")
    kind = tables.Column(verbose_name=gettext_lazy("Type and age"), empty_values=(), orderable=False)
    customers = NumberColumn(verbose_name=gettext_lazy("Customers"))
    net = NumberColumn(verbose_name=gettext_lazy("Net, 7 days"))
    active_share = NumberColumn(verbose_name=gettext_lazy("Active, 7 days"))
    peers = NumberColumn(verbose_name=gettext_lazy("Against its peers"), empty_values=(), orderable=False)
    speakers_share = NumberColumn(verbose_name=gettext_lazy("Wrote, 7 days"))
    messages_7 = NumberColumn(verbose_name=gettext_lazy("Messages, 7 days"))
    buyers_28 = NumberColumn(verbose_name=gettext_lazy("Buyers, 28 days"))

    class Meta(ConsoleTable.Meta):
        row_header = "group"

    def __init__(
        self, *args: Any, url: Callable[[int], str], peers: dict[int, Peers], at: datetime | None, is_heard: bool,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        self.url, self.known_peers, self.at, self.is_heard = url, peers, at, is_heard
        super().__init__(*args, **kwargs)

    def render_group(self, record: DayFigures) -> SafeString:
        return format_html('<a class="q-link" href="{}">{}</a>', self.url(record.group_id or 0), record.group)

    def value_group(self, record: DayFigures) -> str:
        return str(record.group)

    def render_kind(self, record: DayFigures) -> str:
        group = record.group
        if group is None or self.at is None:
            return "–"
        since = group.goes_live_at or group.created_at or group.added_at
        kind = str(group.get_kind_display()) if group.kind else _("No type yet")
        return f"{kind} · {AGE_LABELS[age_of(since, self.at)]}"

    def render_net(self, value: int) -> str:
        return signed(value)

    def render_active_share(self, value: float) -> str:
        return percent(value)

    def render_peers(self, record: Any) -> SafeString | str:
        peers = self.known_peers.get(record.group_id)
        if peers is None or peers.count < 2:
            return _("no peers")
        points = 100 * (record.active_share - peers.middle)
        tone = "ok" if points > 0 else "bad" if points < 0 else "3rd"
        said = ngettext("middle of %(n)s: %(share)s", "middle of %(n)s: %(share)s", peers.count) % {
            "n": peers.count, "share": percent(peers.middle),
        }  # fmt: skip
        moved = _("%(n)s points") % {"n": signed(round(points, 1))}
        return format_html('<b class="q-{}">{}</b><br><small>{}</small>', tone, moved, said)

    def value_peers(self, record: Any) -> str:
        peers = self.known_peers.get(record.group_id)
        return (
            ""
            if peers is None or peers.count < 2
            else str(round(100 * (record.active_share - peers.middle), 1))
        )

    def render_speakers_share(self, value: float) -> str:
        return percent(value) if self.is_heard else "–"

    def render_messages_7(self, value: int) -> str:
        return figure(value) if self.is_heard else "–"


class MovesTable(ConsoleTable):
    """Who came or went, where, when and how."""

    customer = tables.Column(
        verbose_name=gettext_lazy("Customer"), empty_values=(), order_by="customer__name"
    )
    group = tables.Column(verbose_name=gettext_lazy("Group"), order_by="group__name")
    moment = tables.Column(verbose_name=gettext_lazy("When"))
    how = tables.Column(
        verbose_name=pgettext_lazy("joining or leaving", "How"), empty_values=(), orderable=False
    )

    class Meta(ConsoleTable.Meta):
        row_header = "customer"

    def __init__(self, *args: Any, url: Callable[[str, int], str], is_left: bool, **kwargs: Any) -> None:
        self.url, self.is_left = url, is_left
        super().__init__(*args, **kwargs)

    def render_customer(self, record: Any) -> SafeString | str:
        if record.customer is None:
            return record.nickname or _("Not known yet")
        return format_html(
            '<a class="q-link" href="{}">{}</a>',
            self.url("contacts:detail", record.customer_id),
            record.customer,
        )

    def value_customer(self, record: Any) -> str:
        return str(record.customer or record.nickname)

    def render_group(self, record: Any) -> SafeString:
        return format_html(
            '<a class="q-link" href="{}">{}</a>', self.url("groups:detail", record.group_id), record.group
        )

    def value_group(self, record: Any) -> str:
        return str(record.group)

    def render_moment(self, value: datetime) -> str:
        return moment(value)

    def render_how(self, record: Any) -> str:
        if self.is_left:
            return str(record.get_quit_scene_display()) or "–"
        channel = f" · {record.channel}" if record.channel else ""
        return (str(record.get_join_scene_display()) or _("an unknown way")) + channel
