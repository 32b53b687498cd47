"""Tables of check-ins and points."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.enums.checkins import MarkKind
from campaigns.models import Account, Award, CheckIn
from campaigns.tables import AwardTable
from console.tables import NOTHING, ConsoleTable, NumberColumn
from console.templatetags.q import chip, day, moment

MARKS = {MarkKind.DONE: "confirmed", MarkKind.MADE: "planned"}


def checkin_chip(row: CheckIn) -> SafeString:
    """Whether a day counts, and how it came to."""
    if row.rejected_at is not None:
        return chip("blocked", pgettext("check-in", "Rejected"))
    return chip(MARKS[MarkKind(row.kind)], row.get_kind_display())


class CheckInTable(ConsoleTable):
    """Days handed in: which day, who, whether it counts, what was handed in, when."""

    day = tables.Column(verbose_name=pgettext_lazy("check-in", "Day"))
    customer = tables.Column(verbose_name=_("Person"), accessor="customer__name", empty_values=())
    kind = tables.Column(verbose_name=_("State"))
    proof = tables.Column(verbose_name=_("Handed in"), empty_values=(), orderable=False)
    made_at = tables.Column(verbose_name=_("When"))
    do = tables.Column(verbose_name=_("Actions"), empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = CheckIn
        fields = ("day", "customer", "kind", "proof", "made_at", "do")
        row_header = "customer"
        empty_text = _("Nobody has checked in yet.")

    def __init__(
        self, *args: Any, tenant_slug: str, campaign_pk: int, can_operate: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._pk, self._can_operate = tenant_slug, campaign_pk, can_operate

    def render_day(self, value: Any) -> str:
        return day(value)

    def value_day(self, value: Any) -> Any:
        return value

    def render_customer(self, record: CheckIn) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer)

    def value_customer(self, record: CheckIn) -> str:
        return str(record.customer)

    def render_kind(self, record: CheckIn) -> SafeString:
        return checkin_chip(record)

    def value_kind(self, record: CheckIn) -> str:
        if record.rejected_at is not None:
            return pgettext("check-in", "Rejected")
        return str(record.get_kind_display())

    def render_proof(self, record: CheckIn) -> SafeString:
        shown = proof_shown(record)
        if record.rejected_at is None:
            return shown
        return format_html(
            '{}<span class="d-block q-3rd q-xs">{} · {}</span>',
            shown,
            record.reject_reason,
            record.rejected_by,
        )

    def value_proof(self, record: CheckIn) -> str:
        return " · ".join(filter(None, (record.proof, record.reject_reason)))

    def render_made_at(self, value: Any) -> str:
        return moment(value)

    def render_do(self, record: CheckIn) -> Any:
        if record.rejected_at is not None or not self._can_operate:
            return NOTHING
        kwargs = {"tenant_slug": self._slug, "pk": self._pk, "checkin_pk": record.pk}
        return format_html(
            '<button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            reverse("campaigns:checkin_reject", kwargs=kwargs), gettext("Reject"),
        )  # fmt: skip


def proof_shown(record: CheckIn) -> SafeString:
    """What was handed in; an address leads there."""
    if not record.proof:
        return format_html("{}", NOTHING)
    if record.proof.startswith(("https://", "http://")):
        return format_html(
            '<a class="q-link text-break" href="{}" target="_blank" rel="noopener noreferrer">{}</a>',
            record.proof, record.proof,
        )  # fmt: skip
    return format_html('<span class="text-break">{}</span>', record.proof)


class RedemptionTable(AwardTable):
    """What was had for points: when, who, what, for how many, where it stands."""

    points = NumberColumn(verbose_name=_("Points"))

    class Meta(AwardTable.Meta):
        model = Award
        fields = ("made_at", "customer", "prize", "points", "amount_fen", "state", "proof", "do")
        exclude = ("note",)
        row_header = "customer"
        empty_text = _("Nobody has had anything for points yet.")


class PointsTable(ConsoleTable):
    """Who has how many points."""

    customer = tables.Column(verbose_name=_("Person"), accessor="customer__name", empty_values=())
    balance = NumberColumn(verbose_name=_("Points"))

    class Meta(ConsoleTable.Meta):
        model = Account
        fields = ("customer", "balance")
        row_header = "customer"
        empty_text = _("Nobody has points yet.")

    def __init__(self, *args: Any, tenant_slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug = tenant_slug

    def render_customer(self, record: Account) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer)

    def value_customer(self, record: Account) -> str:
        return str(record.customer)
