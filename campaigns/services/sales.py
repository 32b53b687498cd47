"""Orders that distributors brought (R84): who recommended, what is set aside, paid once nobody can send the goods
back, or taken back. Called by handlers and the tick: each may come twice, late and in any order.

The sale is held first, then its distributor, then the campaign.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.enums import AwardSource, AwardState
from campaigns.enums.distribution import SaleReason, SaleSource, SaleState, SellerState
from campaigns.errors import (
    AwardPaid,
    AwardSettled,
    BudgetSpent,
    CampaignNotRunning,
    CampaignPaused,
    StockOut,
)
from campaigns.models import Award, Distribution, Sale, Seller
from campaigns.policies.distribution import Bought, Touched, counts, first_touch, refusal
from campaigns.selectors.barred import barred_among
from campaigns.selectors.distribution import (
    distributions_followed,
    sales_due,
    sellers_coded,
    touches_of,
)
from campaigns.services.awards import award_make, award_pay, award_take_back
from contacts.enums import OrderState
from contacts.selectors import orders_for
from contacts.selectors.identity import as_persons, persons_of, records_under
from tenants import clock
from tenants.audit import SYSTEM, Actor

if TYPE_CHECKING:
    from contacts.models import Order
    from tenants.models import Tenant

BATCH = 200


@dataclass(frozen=True)
class _Known:
    """What is read once for all orders. `person_of`: {record: person}; `coded`: {code: distributor}."""

    person_of: Mapping[int, int]
    coded: Mapping[str, Seller]
    barred: frozenset[int]


def sales_follow(*, tenant: "Tenant", customer_ids: Iterable[int]) -> int:
    """Orders of these people within a campaign bring their distributor a commission, or are listed with the reason;
    refunds take back what was not paid. How many orders were looked at. Safe to repeat, in any order.

    A company without distribution pays one query.
    """
    running = distributions_followed(tenant_id=tenant.pk)
    ids = set(customer_ids)
    if not running or not ids:
        return 0
    people = as_persons(tenant_id=tenant.pk, customer_ids=ids)
    person_of = {**{one: one for one in people}, **records_under(tenant_id=tenant.pk, person_ids=people)}
    orders = [
        one
        for one in orders_for(tenant_id=tenant.pk, customer_ids=person_of)
        if one.customer_id is not None and one.ordered_at is not None
    ]
    if not orders:
        return 0
    coded = sellers_coded(tenant_id=tenant.pk, codes=[one.told_seller for one in orders if one.told_seller])
    seen = 0
    for row in running:
        seen += _follow(tenant, row, orders, person_of, coded)
    return seen


def _follow(
    tenant: "Tenant", row: Distribution, orders: "list[Order]", person_of: Mapping[int, int],
    coded: Mapping[str, Seller],
) -> int:  # fmt: skip
    starts_at, ends_at = row.campaign.starts_at, row.campaign.ends_at
    assert starts_at is not None
    assert ends_at is not None  # it has started
    within = [one for one in orders if one.ordered_at is not None and starts_at <= one.ordered_at < ends_at]
    if not within:
        return 0
    touches: dict[int, list[Touched]] = {}
    for one in touches_of(distribution=row, customer_ids=person_of):
        touches.setdefault(person_of[one.customer_id], []).append(Touched(one.seller_id, one.at))
    mine = Seller.objects.filter(tenant=tenant, distribution=row)
    sellers = {
        one.pk: one for one in mine.filter(pk__in={t.seller_id for some in touches.values() for t in some})
    }
    sellers |= {one.pk: one for one in coded.values() if one.distribution_id == row.pk}
    theirs = {one.customer_id for one in sellers.values()}
    merged = persons_of(tenant_id=tenant.pk, customer_ids=theirs)
    everyone = {*person_of.values(), *(merged.get(one, one) for one in theirs)}
    known = _Known(
        {**merged, **person_of}, coded, frozenset(barred_among(tenant_id=tenant.pk, person_ids=everyone)),
    )  # fmt: skip
    active = set(
        mine.filter(customer_id__in=list(person_of), state=SellerState.ACTIVE).values_list(
            "customer_id", flat=True
        )
    )
    peers = {person_of[one] for one in active}
    written = {
        one.order_id: one for one in Sale.objects.filter(tenant=tenant, distribution=row, order__in=within)
    }
    for order in sorted(within, key=lambda one: (one.ordered_at, one.pk)):
        sale = written.get(order.pk) or _sale(tenant, row, order, known, touches, sellers, peers)
        if sale is not None and (sale.state in (SaleState.WAITING, SaleState.EARNED)):
            sale_move(tenant=tenant, sale_id=sale.pk, order=order)
    return len(within)


def _sale(
    tenant: "Tenant", row: Distribution, order: "Order", known: _Known, touches: Mapping[int, list[Touched]],
    sellers: Mapping[int, Seller], peers: set[int],
) -> Sale | None:  # fmt: skip
    """An order that is new to us, judged; None where nobody recommended it, or it was refunded already."""
    assert order.customer_id is not None
    assert order.ordered_at is not None
    buyer = known.person_of[order.customer_id]
    seller, source = _who(row, order, known, touches.get(buyer, []), sellers)
    is_unknown = bool(order.told_seller) and order.told_seller not in known.coded
    if order.state != OrderState.PAID or (seller is None and not is_unknown):
        return None
    sale = Sale(
        tenant=tenant, distribution=row, seller=seller, customer_id=buyer, order=order, source=source,
        ordered_at=order.ordered_at, due_at=order.ordered_at + timedelta(days=row.refund_days), net_fen=net_of(order),
    )  # fmt: skip
    why: SaleReason | None = SaleReason.UNKNOWN
    if seller is not None:
        owner = known.person_of.get(seller.customer_id, seller.customer_id)
        why = refusal(
            Bought(
                is_self=buyer == owner, is_peer=buyer in peers,
                is_barred=bool({owner, buyer} & known.barred), active=_was_active(seller, order), net_fen=sale.net_fen,
            ),
            min_order_fen=row.min_order_fen,
        )  # fmt: skip
    if why is not None:
        sale.state, sale.reason, sale.settled_at = SaleState.REJECTED, why, clock.now()
    Sale.objects.bulk_create([sale], ignore_conflicts=True)
    return Sale.objects.get(tenant=tenant, distribution=row, order=order)


def _who(
    row: Distribution, order: "Order", known: _Known, touches: list[Touched], sellers: Mapping[int, Seller]
) -> tuple[Seller | None, SaleSource]:  # fmt: skip
    """Whom the order names, else whose page its buyer opened first."""
    assert order.ordered_at is not None
    if order.told_seller:
        told = known.coded.get(order.told_seller)
        return (told if told is not None and told.distribution_id == row.pk else None), SaleSource.TOLD
    first = first_touch(touches, ordered_at=order.ordered_at, window=timedelta(days=row.touch_days))
    return (sellers.get(first) if first is not None else None), SaleSource.TOUCH


def _was_active(seller: Seller, order: "Order") -> bool:
    since, until, at = seller.active_from, seller.active_until, order.ordered_at
    return since is not None and at is not None and since <= at and (until is None or at < until)


def net_of(order: "Order") -> int:
    """What is left of an order after refunds, in fen; nothing where it was refunded whole."""
    if order.state != OrderState.PAID:
        return 0
    return max((order.amount_fen or 0) - (order.refund_fen or 0), 0)


def sale_move(*, tenant: "Tenant", sale_id: int, order: "Order") -> Sale:
    """How one sale stands now, by its order and the clock. Safe to repeat, and at once."""
    with transaction.atomic():
        rows = Sale.objects.select_for_update(of=("self",), no_key=True)
        sale = rows.select_related("distribution__campaign", "seller").get(tenant=tenant, pk=sale_id)
        if sale.seller is None or sale.state not in (SaleState.WAITING, SaleState.EARNED):
            return sale
        Seller.objects.select_for_update(of=("self",), no_key=True).get(tenant=tenant, pk=sale.seller_id)
        sale.net_fen = net_of(order)
        is_good = counts(sale.net_fen, min_order_fen=sale.distribution.min_order_fen)
        if sale.state == SaleState.EARNED:
            sale.reason = "" if is_good else SaleReason.REFUND_PAID
        elif not is_good:
            _back(tenant, sale)
        else:
            _forward(tenant, sale)
        sale.save()
        _bonus(tenant, sale.distribution, sale.seller_id or 0)
    return sale


def _forward(tenant: "Tenant", sale: Sale) -> None:
    """The commission is set aside, and paid once the window is over."""
    assert sale.seller is not None
    if sale.award_id is None:
        peers = Seller.objects.filter(
            tenant=tenant, distribution_id=sale.distribution_id, state=SellerState.ACTIVE
        )
        if peers.filter(customer_id=sale.customer_id, active_from__lte=sale.ordered_at).exists():
            _reject(sale, SaleReason.PEER)  # taken in again while the commission waited
            return
        try:
            sale.award_id = _made(tenant, sale.distribution, sale.seller, f"sale:{sale.pk}").pk
        except CampaignPaused:
            return  # the tick comes back
        except (StockOut, BudgetSpent):
            _reject(sale, SaleReason.SPENT)
            return
        except CampaignNotRunning:
            _reject(sale, SaleReason.ENDED)
            return
    if sale.due_at <= clock.now():
        award_pay(tenant=tenant, award_id=sale.award_id, actor=SYSTEM)
        sale.state, sale.settled_at = SaleState.EARNED, clock.now()


def _made(tenant: "Tenant", row: Distribution, seller: Seller, key: str, *, is_bonus: bool = False) -> Award:
    prize_id = row.bonus_id if is_bonus else row.commission_id
    note = _("Target bonus") if is_bonus else _("Commission for an order")
    return award_make(
        tenant=tenant, campaign_id=row.campaign_id, prize_id=prize_id or 0, customer_id=seller.customer_id,
        source=AwardSource.DISTRIBUTION, key=key, note=note, actor=SYSTEM, is_paid_later=True,
    )  # fmt: skip


def _reject(sale: Sale, why: SaleReason) -> None:
    sale.state, sale.reason, sale.settled_at = SaleState.REJECTED, why, clock.now()


def _back(tenant: "Tenant", sale: Sale) -> None:
    """Refunded before the commission was paid."""
    if sale.award_id is not None:
        with suppress(AwardSettled, AwardPaid):  # a colleague settled it before
            award_take_back(
                tenant=tenant, award_id=sale.award_id, reason=_("The order was refunded"), actor=SYSTEM
            )
    sale.state, sale.reason, sale.settled_at = SaleState.BACK, SaleReason.REFUNDED, clock.now()


def _bonus(tenant: "Tenant", row: Distribution, seller_id: int) -> None:
    """The bonus is set aside once enough orders stand, paid once enough are paid, taken back when fewer stand."""
    if row.bonus_id is None:
        return
    seller = Seller.objects.get(tenant=tenant, pk=seller_id)
    mine = Sale.objects.filter(tenant=tenant, seller=seller)
    earned = mine.filter(state=SaleState.EARNED).count()
    standing = earned + mine.filter(state=SaleState.WAITING, award_id__isnull=False).count()
    if standing >= row.bonus_orders and seller.bonus_award_id is None:
        key = f"bonus:{seller.pk}:{seller.bonus_turn}"
        try:
            seller.bonus_award_id = _made(tenant, row, seller, key, is_bonus=True).pk
        except (CampaignPaused, CampaignNotRunning, StockOut, BudgetSpent):
            return  # asked for anew with the next order; the page says what is left
    if seller.bonus_award_id is None:
        return
    award = Award.objects.get(tenant=tenant, pk=seller.bonus_award_id)
    if earned >= row.bonus_orders:
        award_pay(tenant=tenant, award_id=award.pk, actor=SYSTEM)
    elif standing < row.bonus_orders and award.state == AwardState.HELD:
        award_take_back(tenant=tenant, award_id=award.pk, reason=_("Fewer orders stand"), actor=SYSTEM)
        seller.bonus_award_id, seller.bonus_turn = None, seller.bonus_turn + 1
    seller.save(update_fields=["bonus_award_id", "bonus_turn"])


def sale_undone(award: Award, actor: Actor) -> None:
    """A colleague took a commission back that was not paid: the sale says so. In the same transaction."""
    Sale.objects.filter(tenant_id=award.tenant_id, award_id=award.pk, state=SaleState.WAITING).update(
        state=SaleState.BACK, reason=SaleReason.HAND, settled_at=clock.now()
    )


def sales_settle(*, tenant: "Tenant") -> int:
    """Those whose refund window is over, and those that wait for the end of a break; how many. Safe to repeat."""
    rows = Sale.objects.filter(sales_due(clock.now()), tenant=tenant).order_by("pk")
    buyers = list(rows.values_list("customer_id", flat=True)[:BATCH])
    sales_follow(tenant=tenant, customer_ids=buyers)
    return len(buyers)


def tenants_with_sales_due() -> list[int]:
    """Tenants with a sale of which the clock decides. Runs across tenants: the caller is a tick."""
    rows = Sale.objects.filter(sales_due(clock.now()))
    return list(rows.order_by().values_list("tenant_id", flat=True).distinct())
