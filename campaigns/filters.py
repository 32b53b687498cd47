"""Filters of the lists of campaigns, prizes given and entries."""

import django_filters as filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.enums import AwardState, CampaignState, DrawOutcome, EntryReason, Theme, Unit
from campaigns.enums.checkins import MarkKind
from campaigns.enums.coupons import CouponState
from campaigns.enums.deals import ReservationState
from campaigns.enums.distribution import SaleReason, SaleState, SellerState
from campaigns.enums.joining import JoinReason, JoinState
from campaigns.enums.quiz import QuizOutcome
from campaigns.enums.referral import InviteReason, InviteState
from campaigns.enums.showing import ShowFault, ShowState
from campaigns.models import (
    Account,
    Award,
    Campaign,
    CheckIn,
    Coupon,
    Draw,
    Entry,
    Invite,
    Inviter,
    Joiner,
    QuizEntry,
    Reservation,
    Sale,
    Seller,
    ShownOrder,
)
from campaigns.selectors.coupons import in_state, viewed_unused
from campaigns.selectors.deals import settling
from contacts.selectors import customers_named
from tenants import clock


class CampaignFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name"), field_name="name", lookup_expr="icontains")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=CampaignState.choices)
    theme = filters.ChoiceFilter(label=_("Theme"), choices=Theme.choices)

    class Meta:
        model = Campaign
        fields: list[str] = []


class AwardFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=AwardState.choices)
    prize = filters.ChoiceFilter(label=_("Prize"), method="by_prize")

    class Meta:
        model = Award
        fields: list[str] = []

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        rows = self.queryset.order_by().values_list("prize_id", "prize__name").distinct()
        self.filters["prize"].extra["choices"] = [(str(pk), name) for pk, name in rows]

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(customer_id__in=found)

    def by_prize(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(prize_id=int(value))


REJECTED = "rejected"
SETTLE = "settle"
SEEN = "seen"  # opened, valid, not used


class CouponFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.ChoiceFilter(
        label=_("State"), method="by_state",
        choices=[(SEEN, _("Viewed, not used")), *CouponState.choices],
    )  # fmt: skip
    prize = filters.ChoiceFilter(label=pgettext_lazy("prize", "Coupon"), method="by_prize")

    class Meta:
        model = Coupon
        fields: list[str] = []

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        rows = self.queryset.order_by().values_list("offer__prize_id", "offer__prize__name").distinct()
        self.filters["prize"].extra["choices"] = [(str(pk), name) for pk, name in rows]

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(customer_id__in=found)

    def by_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        now = clock.now()
        return rows.filter(viewed_unused(now) if value == SEEN else in_state(value, now))

    def by_prize(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(offer__prize_id=int(value))


class DrawFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    outcome = filters.MultipleChoiceFilter(label=_("Came out"), choices=DrawOutcome.choices)

    class Meta:
        model = Draw
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(entrant__customer_id__in=found)


class QuizEntryFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    outcome = filters.MultipleChoiceFilter(label=_("Came out"), choices=QuizOutcome.choices)

    class Meta:
        model = QuizEntry
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(customer_id__in=found)


class ShownOrderFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=ShowState.choices)
    fault = filters.MultipleChoiceFilter(label=_("Why"), choices=ShowFault.choices)

    class Meta:
        model = ShownOrder
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(customer_id__in=found)


class JoinerFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=JoinState.choices)
    reason = filters.MultipleChoiceFilter(label=_("Why"), choices=JoinReason.choices)

    class Meta:
        model = Joiner
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(customer_id__in=found)


class ReservationFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=ReservationState.choices)
    deal = filters.ChoiceFilter(label=_("SKU"), method="by_deal")
    need = filters.ChoiceFilter(
        label=pgettext_lazy("reservation", "Needs"), method="by_need",
        choices=[(SETTLE, _("Ordered too late, to settle"))],
    )  # fmt: skip

    class Meta:
        model = Reservation
        fields: list[str] = []

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        rows = self.queryset.order_by("deal_id").values_list("deal_id", "deal__sku__name").distinct()
        self.filters["deal"].extra["choices"] = [(str(pk), name) for pk, name in rows]

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(customer_id__in=found)

    def by_deal(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(deal_id=int(value))

    def by_need(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(pk__in=settling(tenant_id=self.request.tenant.pk))


class InviteFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=InviteState.choices)
    reason = filters.MultipleChoiceFilter(
        label=_("Why"), choices=[(one.value, f"{one.label} ({one.value})") for one in InviteReason]
    )
    inviter = filters.NumberFilter(label=_("Invited by"), field_name="inviter_id")

    class Meta:
        model = Invite
        fields: list[str] = []

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not self.data.get("inviter"):
            del self.filters["inviter"]

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(Q(customer_id__in=found) | Q(inviter__customer_id__in=found))


class InviterFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    short = filters.ChoiceFilter(
        label=_("To go"), method="by_short",
        choices=[("few", _("1 to 3 to go")), ("none", _("Reached")), ("stuck", _("Prize could not be given"))],
    )  # fmt: skip

    class Meta:
        model = Inviter
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(customer_id__in=customers_named(tenant_id=self.request.tenant.pk, text=value))

    def by_short(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == "stuck":
            return rows.exclude(stuck="")
        needed = F("referral__needed")
        if value == "none":
            return rows.filter(counted__gte=needed)
        return rows.filter(counted__lt=needed, counted__gte=needed - 3)


class SellerFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=SellerState.choices)
    code = filters.CharFilter(label=pgettext_lazy("distributor", "Code"), lookup_expr="iexact")

    class Meta:
        model = Seller
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        return rows.filter(customer_id__in=customers_named(tenant_id=self.request.tenant.pk, text=value))


class SaleFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.MultipleChoiceFilter(label=_("State"), choices=SaleState.choices)
    reason = filters.MultipleChoiceFilter(
        label=_("Why"), choices=[(one.value, f"{one.label} ({one.value})") for one in SaleReason]
    )

    class Meta:
        model = Sale
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(Q(customer_id__in=found) | Q(seller__customer_id__in=found))


class CheckInFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")
    state = filters.ChoiceFilter(
        label=_("State"), method="by_state",
        choices=[*MarkKind.choices, (REJECTED, pgettext_lazy("check-in", "Rejected"))],
    )  # fmt: skip
    day = filters.DateFilter(label=pgettext_lazy("check-in", "Day"))
    words = filters.CharFilter(label=_("Handed in"), field_name="proof", lookup_expr="icontains")

    class Meta:
        model = CheckIn
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(customer_id__in=found)

    def by_state(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        if value == REJECTED:
            return rows.exclude(rejected_at=None)
        return rows.filter(rejected_at=None, kind=value)


class PointsFilter(filters.FilterSet):
    q = filters.CharFilter(label=_("Name of the person"), method="by_name")

    class Meta:
        model = Account
        fields: list[str] = []

    def by_name(self, rows: QuerySet, name: str, value: str) -> QuerySet:
        found = customers_named(tenant_id=self.request.tenant.pk, text=value)
        return rows.filter(customer_id__in=found)


class EntryFilter(filters.FilterSet):
    unit = filters.ChoiceFilter(label=pgettext_lazy("ledger", "What"), choices=Unit.choices)
    reason = filters.MultipleChoiceFilter(label=_("Why"), choices=EntryReason.choices)
    award = filters.NumberFilter(label=_("Prize no."), field_name="award_id")
    prize = filters.NumberFilter(label=_("Prize"), method="by_prize")

    class Meta:
        model = Entry
        fields: list[str] = []

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("award", "prize"):
            if not self.data.get(name):
                del self.filters[name]

    def by_prize(self, rows: QuerySet, name: str, value: object) -> QuerySet:
        return rows.filter(Q(source__prize_id=value) | Q(target__prize_id=value))
