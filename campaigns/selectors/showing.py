"""Reads of show-orders: what they give, who showed which order, and which orders somebody may show."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet

from campaigns.enums import Missing, PlayKind
from campaigns.enums.showing import ShowState
from campaigns.models import Campaign, ShownOrder, ShowPlay
from campaigns.policies.showing import asks_praise, orders_since, taken_until
from campaigns.selectors.pages import page_token
from contacts.enums import OrderState
from contacts.selectors import orders_for
from contacts.selectors.identity import records_under
from tenants import clock

if TYPE_CHECKING:
    from contacts.models import Order


def shows_in(campaign: Any) -> QuerySet[ShowPlay]:
    """That of a campaign, to ask within a query of campaigns."""
    return ShowPlay.objects.filter(campaign=campaign)


def show_of(*, campaign: Campaign) -> ShowPlay | None:
    """The show-order of a campaign with its prize. One query."""
    rows = ShowPlay.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign)
    return rows.select_related("campaign", "prize").first()


def show_get(*, tenant_id: int, play_id: int) -> ShowPlay | None:
    """With campaign and prize; None where it is gone."""
    rows = ShowPlay.objects.filter(tenant_id=tenant_id, pk=play_id)
    return rows.select_related("campaign", "prize").first()


def show_token(*, campaign: Campaign, play: ShowPlay) -> str:
    """The token of its page, or "" before the campaign has an end."""
    return page_token(campaign=campaign, kind=PlayKind.SHOW, row_id=play.pk)


def token_of(campaign: Campaign) -> str:
    play = show_of(campaign=campaign)
    return show_token(campaign=campaign, play=play) if play else ""


def shows_until(play: ShowPlay) -> datetime | None:
    """Until when orders are shown; None before the campaign has an end. The campaign is loaded."""
    ends = play.campaign.ends_at
    return taken_until(ends, look_hours=play.look_hours) if ends else None


def show_lacks(campaign: Campaign) -> list[Missing]:
    """What keeps a show-order from its start: its prize, time to show before the time to look, and rules that ask for
    no praise."""
    play = show_of(campaign=campaign)
    if play is None:
        return []
    starts, until = campaign.starts_at, shows_until(play)
    fits = starts is None or until is None or until > starts
    found = [] if play.prize_id is not None and fits else [Missing.SHOW]
    return [*found, Missing.PRAISE] if asks_praise(f"{campaign.rules_text}\n{campaign.about}") else found


def orders_to_show(*, play: ShowPlay, person_id: int) -> "list[Order]":
    """The person's own orders that are paid, of the campaign's window and not shown yet. Three queries."""
    tenant_id, campaign = play.tenant_id, play.campaign
    if campaign.starts_at is None:
        return []
    records = {person_id, *records_under(tenant_id=tenant_id, person_ids=[person_id])}
    since = orders_since(campaign.starts_at, before_days=play.before_days)
    rows = orders_for(tenant_id=tenant_id, customer_ids=records, since=since)
    rows = rows.filter(state=OrderState.PAID, ordered_at__lte=clock.now())
    shown = ShownOrder.objects.filter(tenant_id=tenant_id, order__in=rows).exclude(state=ShowState.REFUSED)
    taken = set(shown.values_list("order_id", flat=True))
    return [one for one in rows if one.pk not in taken]


def shown_by(*, play: ShowPlay, person_id: int) -> list[ShownOrder]:
    """The tries of one person, the newest first. One query."""
    rows = ShownOrder.objects.filter(tenant_id=play.tenant_id, play=play, customer_id=person_id)
    return list(rows.select_related("order").order_by("-pk"))


def shown_list(*, play: ShowPlay) -> QuerySet[ShownOrder]:
    """Everything shown with person and order, the newest first."""
    rows = ShownOrder.objects.filter(tenant_id=play.tenant_id, play=play)
    return rows.select_related("customer", "order", "play").order_by("-pk")


def shown_get(*, tenant_id: int, campaign_id: int, shown_id: int) -> ShownOrder:
    """Raises ShownOrder.DoesNotExist, also for another campaign's or tenant's id."""
    rows = ShownOrder.objects.filter(tenant_id=tenant_id, play__campaign_id=campaign_id)
    return rows.select_related("customer", "order", "play__prize").get(pk=shown_id)


def waiting_count(*, play: ShowPlay) -> int:
    return ShownOrder.objects.filter(tenant_id=play.tenant_id, play=play, state=ShowState.WAITING).count()


def show_counts(*, play: ShowPlay) -> dict[str, int]:
    """{"shown", "permitted" and one of each ShowState}. One query."""
    rows = ShownOrder.objects.filter(tenant_id=play.tenant_id, play=play)
    return rows.aggregate(
        shown=Count("pk"), permitted=Count("pk", filter=Q(proof_id__isnull=False, permitted_at__isnull=False)),
        **{str(one.value): Count("pk", filter=Q(state=one)) for one in ShowState},
    )  # fmt: skip
