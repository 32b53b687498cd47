"""Tables of campaigns, of the prizes they gave, and of their ledger."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.enums import AwardState, CampaignState, DrawOutcome, PayoutState, PrizeKind, Unit
from campaigns.enums.coupons import CouponState
from campaigns.models import Account, Award, Campaign, Coupon, Draw, Entry
from campaigns.policies.coupons import code_shown
from campaigns.selectors.coupons import coupon_state
from console.tables import NOTHING, ConsoleTable, NumberColumn
from console.templatetags.q import chip, day, figure, moment, money
from tenants import clock

STATE_MARKS = {
    CampaignState.DRAFT: "line",
    CampaignState.RUNNING: "on",
    CampaignState.ENDED: "warn",
    CampaignState.REVIEWED: "ok",
}
AWARD_STEPS = {
    AwardState.HELD: "planned",
    AwardState.PAYING: "due",
    AwardState.GIVEN: "confirmed",
    AwardState.RETURNED: "skipped",
}


def state_chip(campaign: Campaign) -> SafeString:
    """Where a campaign stands; a paused one says so."""
    if campaign.paused_at is not None:
        return chip("paused", pgettext("campaign", "Paused"))
    return chip(STATE_MARKS[CampaignState(campaign.state)], campaign.get_state_display())


def award_chip(award: Award) -> SafeString:
    """Where a prize stands; one whose payment was refused says why."""
    payouts = list(award.payouts.all())
    if award.state == AwardState.PAYING and payouts and payouts[0].state == PayoutState.REFUSED:
        return chip("blocked", gettext("Refused: %(why)s") % {"why": payouts[0].error})
    if award.state == AwardState.PAYING and payouts:
        return chip("due", payouts[0].get_state_display())
    return chip(AWARD_STEPS[AwardState(award.state)], award.get_state_display())


class CampaignTable(ConsoleTable):
    """Campaigns: what, where they stand, for whom, and how much of the budget is used."""

    name = tables.Column(verbose_name=_("Campaign"))
    state = tables.Column(verbose_name=_("State"))
    ends_at = tables.Column(verbose_name=_("Dates"), empty_values=())
    groups = NumberColumn(verbose_name=_("Groups"), accessor="group_count")
    people = NumberColumn(verbose_name=_("People with a prize"))
    used = tables.Column(verbose_name=_("Budget used"), empty_values=(), orderable=False)
    owner = tables.Column(verbose_name=_("Answers for it"), accessor="owner__name", default=NOTHING)

    class Meta(ConsoleTable.Meta):
        model = Campaign
        fields = ("name", "state", "ends_at", "groups", "people", "used", "owner")
        row_header = "name"

    def __init__(self, *args: Any, tenant_slug: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug = tenant_slug

    def render_name(self, record: Campaign) -> SafeString:
        url = reverse("campaigns:detail", kwargs={"tenant_slug": self._slug, "pk": record.pk})
        theme = record.get_theme_display()
        return format_html(
            '<a href="{}">{}</a><span class="d-block q-3rd q-xs">{}</span>', url, record.name, theme
        )

    def value_name(self, record: Campaign) -> str:
        return record.name

    def render_state(self, record: Campaign) -> SafeString:
        return state_chip(record)

    def value_state(self, record: Campaign) -> str:
        return str(record.get_state_display())

    def render_ends_at(self, record: Campaign) -> str:
        if record.starts_at is None or record.ends_at is None:
            return NOTHING
        return f"{day(record.starts_at)} – {day(record.ends_at)}"

    def render_groups(self, value: int) -> str:
        return figure(value)

    def render_people(self, value: int) -> str:
        return figure(value) if value else NOTHING

    def render_used(self, record: Any) -> SafeString:
        if record.budget_fen is None:
            return format_html("{}", NOTHING)
        used = record.held_fen + record.spent_fen
        return format_html(
            '<progress class="q-bar" max="{}" value="{}">{}</progress><span class="q-xs q-3rd">{} / {}</span>',
            record.budget_fen or 1, used, money(used), money(used), money(record.budget_fen),
        )  # fmt: skip

    def value_used(self, record: Any) -> float:
        return (record.held_fen + record.spent_fen) / 100


class AwardTable(ConsoleTable):
    """Every prize given: when, to whom, what, what for, where it stands."""

    made_at = tables.Column(verbose_name=_("When"))
    customer = tables.Column(verbose_name=_("Person"), accessor="customer__name", empty_values=())
    prize = tables.Column(verbose_name=_("Prize"), accessor="prize__name")
    note = tables.Column(verbose_name=_("What for"))
    amount_fen = NumberColumn(verbose_name=_("Cost"))
    state = tables.Column(verbose_name=_("State"))
    proof = tables.Column(verbose_name=_("How"), empty_values=(), orderable=False)
    do = tables.Column(verbose_name=_("Actions"), empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = Award
        fields = ("made_at", "customer", "prize", "note", "amount_fen", "state", "proof", "do")
        row_header = "customer"
        empty_text = _("No prize was given yet.")

    def __init__(
        self, *args: Any, tenant_slug: str, can_operate: bool, can_work: bool, by_hand: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._can_operate, self._can_work = tenant_slug, can_operate, can_work
        self._by_hand = by_hand

    def render_made_at(self, record: Award) -> SafeString:
        return format_html(
            '{}<span class="d-block q-3rd q-xs">{}</span>', moment(record.made_at), record.made_by
        )

    def render_customer(self, record: Award) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer)

    def value_customer(self, record: Award) -> str:
        return str(record.customer)

    def render_note(self, record: Award) -> SafeString:
        source = record.get_source_display()
        return format_html('{}<span class="d-block q-3rd q-xs">{}</span>', record.note, source)

    def value_note(self, record: Award) -> str:
        return record.note

    def render_amount_fen(self, value: int) -> str:
        return money(value)

    def value_amount_fen(self, value: int) -> float:
        return value / 100

    def render_state(self, record: Award) -> SafeString:
        return award_chip(record)

    def value_state(self, record: Award) -> str:
        return str(record.get_state_display())

    def render_proof(self, record: Award) -> SafeString:
        payouts = list(record.payouts.all())
        told = record.proof or (payouts[0].reference if payouts else "")
        if not told:
            return format_html("{}", NOTHING)
        return format_html('{}<span class="d-block q-3rd q-xs">{}</span>', told, record.settled_by)

    def value_proof(self, record: Award) -> str:
        payouts = list(record.payouts.all())
        return record.proof or (payouts[0].reference if payouts else "")

    def render_do(self, record: Award) -> Any:
        acts = self._acts(record)
        if not acts:
            return NOTHING
        rows = [
            (" q-quiet" if number else "", how, self._url(name, record), label)
            for number, (name, how, label) in enumerate(acts)
        ]
        button = '<button class="btn btn-sm{}" type="button" hx-{}="{}" hx-target="#q-drawer">{}</button>'
        return format_html('<span class="q-row">{}</span>', format_html_join("", button, rows))

    def _acts(self, record: Award) -> list[tuple[str, str, str]]:
        """(route, how htmx asks for it, label) of what may be done with it now."""
        payouts = list(record.payouts.all())
        payout = payouts[0].state if payouts else ""
        is_held, waits = record.state == AwardState.HELD, payout in (PayoutState.DUE, PayoutState.REFUSED)
        may = {
            ("campaigns:award_hand_over", "get", pgettext("prize", "Handed over")): is_held
            and self._can_work
            and record.prize.kind != PrizeKind.COUPON,
            ("campaigns:award_again", "post", pgettext("payment", "Ask again")): (
                payout == PayoutState.REFUSED and self._can_operate and not self._by_hand
            ),
            ("campaigns:award_paid", "get", gettext("Paid outside")): (
                waits and self._can_operate and (self._by_hand or payout == PayoutState.REFUSED)
            ),
            ("campaigns:award_take_back", "get", pgettext("prize", "Take back")): (
                (is_held or waits) and self._can_operate
            ),
        }
        return [act for act, is_offered in may.items() if is_offered]

    def _url(self, name: str, record: Award) -> str:
        return reverse(
            name, kwargs={"tenant_slug": self._slug, "pk": record.campaign_id, "award_pk": record.pk}
        )


COUPON_MARKS = {
    CouponState.SOON: "line",
    CouponState.OPEN: "on",
    CouponState.USED: "ok",
    CouponState.EXPIRED: "warn",
    CouponState.BACK: "line",
}


def coupon_chip(coupon: Coupon) -> SafeString:
    """Where a coupon stands now. Its award is loaded."""
    state = coupon_state(coupon, clock.now())
    return chip(COUPON_MARKS[state], state.label)


class CouponTable(ConsoleTable):
    """Every coupon: whose, which, how far it came, until when, where it was used."""

    customer = tables.Column(verbose_name=_("Person"), accessor="customer__name", empty_values=())
    offer = tables.Column(verbose_name=pgettext_lazy("prize", "Coupon"), accessor="offer__prize__name")
    issued_at = tables.Column(verbose_name=_("Taken"))
    viewed_at = tables.Column(verbose_name=_("First viewed"), default=NOTHING)
    state = tables.Column(verbose_name=_("State"), empty_values=(), orderable=False)
    valid_until = tables.Column(verbose_name=_("Valid until"))
    redeemed_at = tables.Column(verbose_name=_("Used"), default=NOTHING)
    order_no = tables.Column(verbose_name=_("Order number"), default=NOTHING)
    code = tables.Column(verbose_name=pgettext_lazy("coupon", "Code"), orderable=False)
    do = tables.Column(verbose_name=_("Actions"), empty_values=(), orderable=False, exclude_from_export=True)

    class Meta(ConsoleTable.Meta):
        model = Coupon
        fields = (
            "customer", "offer", "issued_at", "viewed_at", "state", "valid_until", "redeemed_at", "order_no", "code",
            "do",
        )  # fmt: skip
        row_header = "customer"
        empty_text = _("Nobody has taken a coupon yet.")

    def __init__(self, *args: Any, tenant_slug: str, can_approve: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._slug, self._can_approve = tenant_slug, can_approve

    def render_customer(self, record: Coupon) -> SafeString:
        url = reverse("contacts:detail", kwargs={"tenant_slug": self._slug, "pk": record.customer_id})
        return format_html('<a href="{}">{}</a>', url, record.customer)

    def value_customer(self, record: Coupon) -> str:
        return str(record.customer)

    def render_issued_at(self, value: Any) -> str:
        return moment(value)

    def render_viewed_at(self, value: Any) -> str:
        return moment(value)

    def render_valid_until(self, value: Any) -> str:
        return moment(value)

    def render_state(self, record: Coupon) -> SafeString:
        return coupon_chip(record)

    def value_state(self, record: Coupon) -> str:
        return str(coupon_state(record, clock.now()).label)

    def render_redeemed_at(self, record: Coupon) -> SafeString:
        return format_html(
            '{}<span class="d-block q-3rd q-xs">{}</span>', moment(record.redeemed_at), record.redeemed_by
        )

    def value_redeemed_at(self, record: Coupon) -> Any:
        return record.redeemed_at

    def render_code(self, record: Coupon) -> SafeString:
        """Its last four: enough to tell two apart, too little to use one."""
        return format_html('<span class="q-code">… {}</span>', record.code[-4:])

    def value_code(self, record: Coupon) -> str:
        return f"…{code_shown(record.code)[-4:]}"

    def render_do(self, record: Coupon) -> Any:
        if record.redeemed_at is None or not self._can_approve:
            return NOTHING
        url = reverse(
            "campaigns:coupon_undo",
            kwargs={"tenant_slug": self._slug, "pk": record.award.campaign_id, "coupon_pk": record.pk},
        )
        return format_html(
            '<button class="btn btn-sm q-quiet" type="button" hx-get="{}" hx-target="#q-drawer">{}</button>',
            url, gettext("Take the redemption back"),
        )  # fmt: skip


DRAW_TONES = {DrawOutcome.WON: "confirmed", DrawOutcome.GONE: "blocked", DrawOutcome.NONE: "skipped"}


class DrawTable(ConsoleTable):
    """Draws: when, who, by which code and number, the roll, and what came out."""

    at = tables.Column(verbose_name=_("When"))
    person = tables.Column(verbose_name=_("Person"), accessor="entrant__customer__name", default=NOTHING)
    outcome = tables.Column(verbose_name=_("Came out"))
    prize = tables.Column(verbose_name=_("Prize"), accessor="prize__name", default=NOTHING)
    number = NumberColumn(verbose_name=pgettext_lazy("draw", "Draw no."))
    roll = NumberColumn(verbose_name=pgettext_lazy("draw", "Roll"))
    code = tables.Column(verbose_name=_("Code in the record"), accessor="entrant__code")

    class Meta(ConsoleTable.Meta):
        model = Draw
        fields = ("at", "person", "outcome", "prize", "number", "roll", "code")
        row_header = "person"
        empty_text = _("Nobody has drawn yet.")

    def render_at(self, value: Any) -> str:
        return moment(value)

    def render_outcome(self, record: Draw) -> SafeString:
        return chip(DRAW_TONES[DrawOutcome(record.outcome)], record.get_outcome_display())

    def value_outcome(self, record: Draw) -> str:
        return str(record.get_outcome_display())

    def render_roll(self, value: int) -> str:
        return f"{value:06d}"

    def value_roll(self, value: int) -> int:
        return value


class EntryTable(ConsoleTable):
    """The ledger: from which account to which, how much, why, by whom."""

    at = tables.Column(verbose_name=_("When"))
    reason = tables.Column(verbose_name=_("Why"))
    source = tables.Column(verbose_name=pgettext_lazy("ledger", "From"), orderable=False)
    target = tables.Column(verbose_name=pgettext_lazy("ledger", "To"), orderable=False)
    amount = NumberColumn(verbose_name=pgettext_lazy("ledger", "Amount"))
    award_id = NumberColumn(verbose_name=_("Prize no."), default=NOTHING)
    by = tables.Column(verbose_name=pgettext_lazy("audit", "Who"))

    class Meta(ConsoleTable.Meta):
        model = Entry
        fields = ("at", "reason", "source", "target", "amount", "award_id", "by")
        row_header = "reason"
        empty_text = _("Nothing was written yet: the books are opened at the start.")

    def render_at(self, value: Any) -> str:
        return moment(value)

    def render_reason(self, record: Entry) -> str:
        return str(record.get_reason_display())

    def render_source(self, record: Entry) -> str:
        return account_words(record.source)

    def render_target(self, record: Entry) -> str:
        return account_words(record.target)

    def render_amount(self, record: Entry) -> str:
        return amount_words(record)

    def value_amount(self, record: Entry) -> float:
        return record.amount / 100 if record.unit == Unit.FEN else record.amount

    def render_award_id(self, value: int) -> SafeString:
        return format_html('<a class="q-link" href="?award={}">#{}</a>', value, value)

    def value_award_id(self, value: int | None) -> int | str:
        return value or ""


def account_words(account: Account) -> str:
    """Set aside · 点读笔."""
    named = f" · {account.prize.name}" if account.prize is not None else ""
    if account.customer is not None:
        named = f" · {account.customer}"
    return f"{account.get_kind_display()}{named}"


def amount_words(entry: Entry) -> str:
    """¥18 or 1 piece."""
    if entry.unit == Unit.FEN:
        return str(money(entry.amount))
    if entry.unit == Unit.POINTS:
        return pgettext("ledger", "%(n)s points") % {"n": figure(entry.amount)}
    return gettext("%(n)s pcs") % {"n": figure(entry.amount)}
