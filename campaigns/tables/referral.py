"""Tables of invitations: every invitee with why they count or not, and everybody who invites."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.enums.referral import DECISIONS, InviteReason, InviteState
from campaigns.models import Invite, Inviter
from console.tables import NOTHING, ConsoleTable, NumberColumn
from console.templatetags.q import chip, figure, moment

INVITE_MARKS = {
    InviteState.OPENED: "line",
    InviteState.STAYING: "on",
    InviteState.HELD: "warn",
    InviteState.COUNTED: "ok",
    InviteState.REJECTED: "line",
}


def why_words(invite: Invite) -> str:
    """Why somebody does not count or waits, with the code; "" who counts by the rules."""
    if not invite.reason:
        return ""
    return f"{InviteReason(invite.reason).label} ({invite.reason})"


class InviteTable(ConsoleTable):
    """Every invitee: who, by whom and how we know, since when, whether they count and why not, who decided."""

    customer = tables.Column(verbose_name=_("Person"), accessor="customer__name", empty_values=())
    inviter = tables.Column(verbose_name=_("Invited by"), accessor="inviter__customer__name", empty_values=())
    source = tables.Column(verbose_name=_("Known by"))
    joined_at = tables.Column(verbose_name=_("Joined"), default=NOTHING)
    state = tables.Column(verbose_name=_("State"))
    reason = tables.Column(verbose_name=_("Why"), default=NOTHING)
    decided_by = tables.Column(verbose_name=_("Decided by"), default=NOTHING)
    do = tables.Column(verbose_name=_("Actions"), empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = Invite
        fields = ("customer", "inviter", "source", "joined_at", "state", "reason", "decided_by", "do")
        row_header = "customer"
        empty_text = _("Nobody has come by an invitation yet.")

    def __init__(self, *args: Any, tenant_slug: str, can_operate: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._can_operate = tenant_slug, can_operate

    def _person(self, pk: int, name: str) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": pk})
        return format_html('<a href="{}">{}</a>', url, name)

    def render_customer(self, record: Invite) -> SafeString:
        return self._person(record.customer_id, str(record.customer))

    def value_customer(self, record: Invite) -> str:
        return str(record.customer)

    def render_inviter(self, record: Invite) -> SafeString:
        return self._person(record.inviter.customer_id, str(record.inviter.customer))

    def value_inviter(self, record: Invite) -> str:
        return str(record.inviter.customer)

    def render_source(self, record: Invite) -> str:
        return str(record.get_source_display())

    def render_joined_at(self, value: Any) -> str:
        return moment(value)

    def render_state(self, record: Invite) -> SafeString:
        state = chip(INVITE_MARKS[InviteState(record.state)], record.get_state_display())
        if record.state != InviteState.STAYING or record.due_at is None:
            return state
        until = gettext("until %(at)s") % {"at": moment(record.due_at)}
        return format_html('{}<span class="d-block q-3rd q-xs">{}</span>', state, until)

    def value_state(self, record: Invite) -> str:
        return str(record.get_state_display())

    def render_reason(self, record: Invite) -> str:
        return why_words(record)

    def value_reason(self, record: Invite) -> str:
        return why_words(record)

    def render_decided_by(self, record: Invite) -> SafeString:
        return format_html('{}<span class="d-block q-3rd q-xs">{}</span>', record.decided_by, record.note)

    def value_decided_by(self, record: Invite) -> str:
        return f"{record.decided_by}: {record.note}" if record.decided_by else ""

    def render_do(self, record: Invite) -> Any:
        if not self._can_operate or not DECISIONS[InviteState(record.state)]:
            return NOTHING
        url = reverse(
            "campaigns:invite_decide",
            kwargs={
                "tenant_slug": self._slug, "pk": record.referral.campaign_id, "invite_pk": record.pk,
            },
        )  # fmt: skip
        return format_html(
            '<button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            url, gettext("Decide"),
        )  # fmt: skip


class InviterTable(ConsoleTable):
    """Everybody who invites: how many count, how many to go, the prize, a group code of their own."""

    customer = tables.Column(verbose_name=_("Person"), accessor="customer__name", empty_values=())
    counted = NumberColumn(verbose_name=pgettext_lazy("invitees", "Count"))
    waiting = NumberColumn(verbose_name=pgettext_lazy("invitees", "Days to go"))
    turned_down = NumberColumn(verbose_name=pgettext_lazy("invitees", "Do not count"))
    missing = NumberColumn(verbose_name=_("To go"), empty_values=(), orderable=False)
    prize = tables.Column(verbose_name=_("Prize"), empty_values=(), orderable=False)
    way = tables.Column(verbose_name=_("Own group code"), empty_values=(), orderable=False)

    class Meta(ConsoleTable.Meta):
        model = Inviter
        fields = ("customer", "counted", "waiting", "turned_down", "missing", "prize", "way")
        row_header = "customer"
        empty_text = _("Nobody has invited anybody yet.")

    def __init__(self, *args: Any, tenant_slug: str, can_operate: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._can_operate = tenant_slug, can_operate

    def render_customer(self, record: Inviter) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer)

    def value_customer(self, record: Inviter) -> str:
        return str(record.customer)

    def _list(self, record: Inviter, value: int, state: InviteState) -> Any:
        if not value:
            return NOTHING
        there = {"tenant_slug": self._slug, "pk": record.referral.campaign_id}
        url = f"{reverse('campaigns:invites', kwargs=there)}?inviter={record.pk}&state={state}"
        return format_html('<a class="q-link" href="{}">{}</a>', url, figure(value))

    def render_counted(self, record: Any, value: int) -> Any:
        return self._list(record, value, InviteState.COUNTED)

    def render_waiting(self, record: Any, value: int) -> Any:
        return self._list(record, value, InviteState.STAYING)

    def render_turned_down(self, record: Any, value: int) -> Any:
        return self._list(record, value, InviteState.REJECTED)

    def render_missing(self, record: Any) -> Any:
        return figure(self.value_missing(record)) if self.value_missing(record) else NOTHING

    def value_missing(self, record: Any) -> int:
        return max(record.referral.needed - record.counted, 0)

    def value_counted(self, value: int) -> int:
        return value

    def value_waiting(self, value: int) -> int:
        return value

    def value_turned_down(self, value: int) -> int:
        return value

    def render_prize(self, record: Inviter) -> Any:
        if record.award_id is not None:
            return chip("ok", gettext("promised or given"))
        if record.stuck:
            return chip("blocked", gettext("could not be given (%(code)s)") % {"code": record.stuck})
        return NOTHING

    def value_prize(self, record: Inviter) -> str:
        if record.award_id is not None:
            return gettext("promised or given")
        return gettext("could not be given (%(code)s)") % {"code": record.stuck} if record.stuck else ""

    def render_way(self, record: Inviter) -> Any:
        name = record.way.name if record.way else ""
        if not self._can_operate:
            return name or NOTHING
        url = reverse(
            "campaigns:inviter_code",
            kwargs={"tenant_slug": self._slug, "pk": record.referral.campaign_id, "inviter_pk": record.pk},
        )
        return format_html(
            '{} <button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            name, url, gettext("Change") if name else gettext("Choose"),
        )  # fmt: skip

    def value_way(self, record: Inviter) -> str:
        return record.way.name if record.way else ""
