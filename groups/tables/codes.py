"""Tables of live codes, channels, those who came by them, and group welcomes."""

from functools import cached_property
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from console.tables import ConsoleTable, NumberColumn
from console.templatetags.q import chip, day, figure, meter, moment, money
from groups.models import JoinWay, WelcomeTemplate
from groups.policies.codes import Forecast
from wecom.views.welcome import PART_LABELS


class _CodeTable(ConsoleTable):
    """What tables of codes share: facts of the shown rows, read once."""

    def __init__(self, *args: Any, tenant: Any, facts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant, self._make = tenant, facts

    @cached_property
    def facts(self) -> Any:
        rows = self.paginated_rows if hasattr(self, "page") else self.rows
        return self._make([row.record for row in rows])

    def _url(self, name: str, pk: int) -> str:
        return reverse(name, kwargs={"tenant_slug": self._tenant.slug, "pk": pk})

    def _named(self, record: Any, url_name: str) -> SafeString:
        return format_html(
            '<a class="q-link" href="{}">{}</a><small>{}</small>',
            self._url(url_name, record.pk),
            record,
            record.channel,
        )

    def _status(self, record: Any) -> SafeString:
        tone = {"live": "ok", "failed": "bad", "unknown": "warn"}.get(record.status, "line")
        return chip(tone, record.get_status_display())

    def _count(self, people: int, now: int, url: str) -> SafeString:
        said = gettext("%(n)s still there") % {"n": figure(now)}
        return format_html('<a class="q-link" href="{}">{}</a><small>{}</small>', url, figure(people), said)


class JoinWayTable(_CodeTable):
    """Group codes: where people land now, seats left and until when, who came."""

    name = tables.Column(verbose_name=pgettext_lazy("live code", "Code"))
    status = tables.Column(verbose_name=_("At WeCom"))
    now = tables.Column(verbose_name=_("Filling now"), empty_values=(), orderable=False)
    left = NumberColumn(verbose_name=_("Seats free"), empty_values=(), orderable=False)
    full = tables.Column(verbose_name=_("Full"), empty_values=(), orderable=False)
    people = NumberColumn(verbose_name=_("Came by it"), empty_values=(), orderable=False)

    class Meta(ConsoleTable.Meta):
        model = JoinWay
        fields = ("name", "status", "now", "left", "full", "people")
        row_header = "name"

    def render_name(self, record: JoinWay) -> SafeString:
        return self._named(record, "groups:code")

    def render_status(self, record: JoinWay) -> SafeString:
        return self._status(record)

    def value_now(self, record: JoinWay) -> str:
        row = self.facts["fillings"][record.pk].now
        return str(row.group or row.chat_id) if row else ""

    def render_now(self, record: JoinWay) -> SafeString:
        filling = self.facts["fillings"][record.pk]
        if filling.now is None:
            return format_html('<span class="q-warn">{}</span>', gettext("None: all are full"))
        group = filling.now.group
        said = gettext("%(at)s of %(of)s groups") % {
            "at": filling.rows.index(filling.now) + 1, "of": len(filling.rows),
        }  # fmt: skip
        return format_html("{}<small>{}</small>", group or filling.now.chat_id, said)

    def value_left(self, record: JoinWay) -> int:
        return self.facts["fillings"][record.pk].seen.left

    def render_left(self, record: JoinWay) -> SafeString:
        filling = self.facts["fillings"][record.pk]
        tone = "bad" if filling.alert == "CODE-10" else "warn" if filling.alert else ""
        return format_html("{}{}", figure(filling.seen.left), meter(filling.taken, filling.seats, tone, ""))

    def value_full(self, record: JoinWay) -> str:
        hours = self.facts["fillings"][record.pk].seen.hours
        return "" if hours is None else str(round(hours))

    def render_full(self, record: JoinWay) -> SafeString:
        filling = self.facts["fillings"][record.pk]
        tone = "q-bad" if filling.alert == "CODE-10" else "q-warn" if filling.alert else ""
        return format_html(
            '<span class="{}">{}</span><small>{}</small>',
            tone,
            full_words(filling.seen),
            basis_words(filling.seen),
        )

    def value_people(self, record: JoinWay) -> int:
        return self.facts["joins"].get(record.state, (0, 0))[0]

    def render_people(self, record: JoinWay) -> SafeString:
        people, now = self.facts["joins"].get(record.state, (0, 0))
        return self._count(people, now, self._url("groups:code_people", record.pk))


class WayTable(_CodeTable):
    """Codes for new friends: who stands behind them, who came."""

    name = tables.Column(verbose_name=pgettext_lazy("live code", "Code"))
    status = tables.Column(verbose_name=_("At WeCom"))
    staff = tables.Column(verbose_name=_("Members behind it"), empty_values=(), orderable=False)
    welcome_mode = tables.Column(verbose_name=_("Welcome"))
    people = NumberColumn(verbose_name=_("Came by it"), empty_values=(), orderable=False)

    class Meta(ConsoleTable.Meta):
        model = None
        fields = ("name", "status", "staff", "welcome_mode", "people")
        row_header = "name"

    def render_name(self, record: Any) -> SafeString:
        return self._named(record, "groups:way")

    def render_status(self, record: Any) -> SafeString:
        return self._status(record)

    def value_staff(self, record: Any) -> str:
        names = self.facts["staff"]
        return ", ".join(names[one] for one in record.staff_ids if one in names)

    def render_staff(self, record: Any) -> str:
        names = [self.facts["staff"][one] for one in record.staff_ids if one in self.facts["staff"]]
        more = f" +{len(names) - 3}" if len(names) > 3 else ""
        return gettext(", ").join(names[:3]) + more if names else "–"

    def render_welcome_mode(self, record: Any) -> str:
        return str(record.get_welcome_mode_display())

    def value_people(self, record: Any) -> int:
        return self.facts["adds"].get(record.state, (0, 0))[0]

    def render_people(self, record: Any) -> SafeString:
        people, now = self.facts["adds"].get(record.state, (0, 0))
        return self._count(people, now, self._url("groups:way_people", record.pk))


class ChannelTable(_CodeTable):
    """Channels: what they cost and whom they brought."""

    name = tables.Column(verbose_name=_("Channel"))
    kind = tables.Column(verbose_name=_("Kind"))
    friends = NumberColumn(verbose_name=_("New friends"), empty_values=(), orderable=False)
    members = NumberColumn(verbose_name=_("Into groups"), empty_values=(), orderable=False)
    target = NumberColumn(verbose_name=_("Target"), empty_values=())
    aim = tables.Column(verbose_name=_("For which goal"), empty_values=(), orderable=False)
    cost_fen = NumberColumn(verbose_name=_("Cost"), empty_values=())
    each = NumberColumn(verbose_name=_("Cost per person"), empty_values=(), orderable=False)
    period = tables.Column(verbose_name=_("Period"), empty_values=(), orderable=False)
    edit = tables.Column(verbose_name="", empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = None
        fields = ("name", "kind", "friends", "members", "target", "aim", "cost_fen", "each", "period", "edit")
        row_header = "name"

    def render_name(self, record: Any) -> SafeString:
        return format_html("{}<small>{}</small>", record.name, record.persona)

    def _where(self, record: Any) -> str:
        told = [record.get_place_display(), record.get_means_display(), record.partner]
        return " · ".join(str(one) for one in told if one)

    def value_kind(self, record: Any) -> str:
        return " · ".join(one for one in (str(record.get_kind_display()), self._where(record)) if one)

    def render_kind(self, record: Any) -> SafeString:
        return format_html("{}<small>{}</small>", record.get_kind_display(), self._where(record))

    def _people(self, record: Any) -> tuple[int, int]:
        return self.facts["friends"].get(record.pk, 0), self.facts["members"].get(record.pk, 0)

    def value_friends(self, record: Any) -> int:
        return self._people(record)[0]

    def render_friends(self, record: Any) -> SafeString:
        return self._opens(record, self._people(record)[0], "friends")

    def value_members(self, record: Any) -> int:
        return self._people(record)[1]

    def render_members(self, record: Any) -> SafeString:
        return self._opens(record, self._people(record)[1], "members")

    def _opens(self, record: Any, count: int, by: str) -> SafeString:
        slug = {"tenant_slug": self._tenant.slug}
        url = f"{reverse('contacts:list', kwargs=slug)}?channel={record.pk}"
        if by == "members":
            url = reverse("groups:channel_people", kwargs={**slug, "pk": record.pk})
        return format_html('<a class="q-link" href="{}">{}</a>', url, figure(count))

    def _aim(self, record: Any) -> Any:
        return self.facts["aims"].get(record.pk)

    def value_target(self, record: Any) -> str:
        aim = self._aim(record)
        return f"{aim.people} / {record.target}" if aim and record.target else str(record.target or "")

    def render_target(self, record: Any) -> SafeString:
        """Who came into the group that the target serves, of how many should; without a group only the latter."""
        aim = self._aim(record)
        if not aim or not record.target:
            return format_html("{}", figure(record.target) if record.target else "–")
        url = f"{self._url('groups:channel_people', record.pk)}?group={aim.group.pk}"
        done = format_html('<a class="q-link" href="{}">{}</a>', url, figure(aim.people))
        return format_html("{} / {}", done, figure(record.target))

    def value_aim(self, record: Any) -> str:
        aim = self._aim(record)
        told = [str(aim.group), aim.goal, record.goal] if aim else [record.goal]
        return " · ".join(one for one in told if one)

    def render_aim(self, record: Any) -> SafeString:
        aim = self._aim(record)
        if not aim:
            return format_html("{}", record.goal or "–")
        url = self._url("groups:detail", aim.group.pk)
        words = " · ".join(one for one in (aim.goal, record.goal) if one)
        return format_html('<a class="q-link" href="{}">{}</a><small>{}</small>', url, aim.group, words)

    def value_cost_fen(self, record: Any) -> str:
        return "" if record.cost_fen is None else f"{record.cost_fen / 100:.2f}"

    def render_cost_fen(self, record: Any) -> Any:
        return money(record.cost_fen)

    def value_each(self, record: Any) -> str:
        each = self._each(record)
        return "" if each is None else f"{each / 100:.2f}"

    def render_each(self, record: Any) -> Any:
        return money(self._each(record))

    def _each(self, record: Any) -> int | None:
        people = max(self._people(record))
        return None if record.cost_fen is None or not people else round(record.cost_fen / people)

    def render_period(self, record: Any) -> str:
        if not record.starts_on and not record.ends_on:
            return "–"
        return f"{day(record.starts_on)} – {day(record.ends_on)}"

    def render_edit(self, record: Any) -> SafeString:
        return format_html(
            '<button class="btn btn-sm q-icon q-quiet" type="button" hx-get="{}" hx-target="#q-drawer" aria-label="{}">'
            '<i class="ti ti-pencil" aria-hidden="true"></i></button>',
            self._url("groups:channel_edit", record.pk), gettext("Change %(name)s") % {"name": record.name},
        )  # fmt: skip


class CodeMemberTable(_CodeTable):
    """Who entered a group by a code."""

    customer = tables.Column(verbose_name=_("Customer"), empty_values=(), orderable=False)
    group = tables.Column(verbose_name=_("Group"), orderable=False)
    joined_at = tables.Column(verbose_name=_("Joined"))
    left_at = tables.Column(verbose_name=_("Left"), empty_values=())

    class Meta(ConsoleTable.Meta):
        model = None
        fields = ("customer", "group", "joined_at", "left_at")
        row_header = "customer"

    def value_customer(self, record: Any) -> str:
        return record.customer.name if record.customer else record.userid

    def render_customer(self, record: Any) -> SafeString:
        return person_link(self._tenant, record.customer)

    def render_joined_at(self, record: Any) -> Any:
        return moment(record.joined_at)

    def render_left_at(self, record: Any) -> Any:
        return moment(record.left_at) if record.left_at else "–"


class CodeFriendTable(_CodeTable):
    """Who became a friend by a code."""

    customer = tables.Column(verbose_name=_("Customer"), empty_values=(), orderable=False)
    staff = tables.Column(verbose_name=_("Friend of"), orderable=False)
    state = tables.Column(verbose_name=_("Now"))
    followed_at = tables.Column(verbose_name=_("Since"))

    class Meta(ConsoleTable.Meta):
        model = None
        fields = ("customer", "staff", "state", "followed_at")
        row_header = "customer"

    def value_customer(self, record: Any) -> str:
        return record.customer.name

    def render_customer(self, record: Any) -> SafeString:
        return person_link(self._tenant, record.customer)

    def render_state(self, record: Any) -> str:
        return str(record.get_state_display())

    def render_followed_at(self, record: Any) -> Any:
        return moment(record.followed_at)


class TemplateTable(_CodeTable):
    """Group welcomes."""

    name = tables.Column(verbose_name=_("Welcome"))
    status = tables.Column(verbose_name=_("At WeCom"))
    part = tables.Column(verbose_name=_("Along with it"), empty_values=(), orderable=False)
    created_by = tables.Column(verbose_name=_("By"))

    class Meta(ConsoleTable.Meta):
        model = WelcomeTemplate
        fields = ("name", "status", "part", "created_by")
        row_header = "name"

    def render_name(self, record: WelcomeTemplate) -> SafeString:
        return format_html(
            '<a class="q-link" href="{}">{}</a><small>{}</small>', self._url("groups:welcome", record.pk), record.name,
            record.text[:60],
        )  # fmt: skip

    def render_status(self, record: WelcomeTemplate) -> SafeString:
        if record.is_draft:
            return chip("line", gettext("Draft"))
        return self._status(record)

    def render_part(self, record: WelcomeTemplate) -> str:
        return str(PART_LABELS[record.part["kind"]]) if record.part else "–"


def person_link(tenant: Any, customer: Any) -> SafeString:
    """A customer's name that opens the person; someone without a name is said so."""
    if customer is None:
        return format_html('<span class="q-none">{}</span>', gettext("Not known yet"))
    url = reverse("contacts:detail", kwargs={"tenant_slug": tenant.slug, "pk": customer.pk})
    return format_html('<a class="q-link" href="{}">{}</a>', url, customer.name or gettext("No name known"))


def full_words(seen: Forecast) -> str:
    """When the seats end, in words."""
    if seen.left <= 0:
        return gettext("full")
    if seen.hours is None:
        return gettext("unknown")
    if seen.hours < 48:
        return gettext("in about %(n)s hours") % {"n": max(1, round(seen.hours))}
    return gettext("in about %(n)s days") % {"n": round(seen.hours / 24)}


def basis_words(seen: Forecast) -> str:
    """What a forecast stands on, in words."""
    hours = round(seen.over_h)
    if seen.left > 0 and seen.hours is None:
        return gettext("%(n)s joins in %(h)s hours are too few to tell") % {"n": seen.joins, "h": hours}
    return gettext("%(n)s joins in %(h)s hours") % {"n": seen.joins, "h": hours}
