"""Reads of lotteries: odds and what is left, who takes part, every draw, and the record that anybody can repeat."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet, Sum

from campaigns.enums import DrawOutcome, Missing, PlayKind
from campaigns.models import Campaign, Chance, Draw, Entrant, Lottery, Prize
from campaigns.policies.lottery import WHOLE, odds_hold
from campaigns.selectors.ledger import pieces_left
from campaigns.selectors.pages import page_token

BATCH = 2_000


@dataclass(frozen=True)
class Odds:
    """The odds of one prize; `left` is what the ledger still holds free, before the start all of it."""

    prize: Prize
    share: int
    left: int

    @property
    def percent(self) -> str:
        return percent_words(self.share)


def percent_words(share: int) -> str:
    """10000 -> "1%", 125 -> "0.0125%": odds are published without rounding."""
    return f"{share / (WHOLE / 100):.4f}".rstrip("0").rstrip(".") + "%"


def lottery_of(*, campaign: Campaign) -> Lottery | None:
    """The lottery of a campaign. One query."""
    return Lottery.objects.filter(tenant_id=campaign.tenant_id, campaign=campaign).first()


def lotteries_in(campaign: Any) -> QuerySet[Lottery]:
    """That of a campaign, to ask within a query of campaigns."""
    return Lottery.objects.filter(campaign=campaign)


def lottery_get(*, tenant_id: int, lottery_id: int) -> Lottery | None:
    """With its campaign; None where it is gone."""
    rows = Lottery.objects.filter(tenant_id=tenant_id, pk=lottery_id)
    return rows.select_related("campaign").first()


def lottery_token(*, campaign: Campaign, lottery: Lottery) -> str:
    """The token of its page, or "" before the campaign has an end."""
    return page_token(campaign=campaign, kind=PlayKind.LOTTERY, row_id=lottery.pk)


def token_of(campaign: Campaign) -> str:
    """The token of the page of a campaign's lottery, or ""."""
    lottery = lottery_of(campaign=campaign)
    return lottery_token(campaign=campaign, lottery=lottery) if lottery else ""


def chances_of(*, lottery: Lottery) -> list[Chance]:
    """The odds in their published order, which the draws follow, with the prizes. One query."""
    rows = Chance.objects.filter(tenant_id=lottery.tenant_id, lottery=lottery)
    return list(rows.select_related("prize").order_by("prize__position", "prize_id"))


def odds_of(*, lottery: Lottery) -> list[Odds]:
    """The same with what is left of each. Two queries."""
    chances = chances_of(lottery=lottery)
    left = pieces_left(tenant_id=lottery.tenant_id, prizes=[one.prize for one in chances])
    return [Odds(one.prize, one.share, left[one.prize_id]) for one in chances]


def lottery_lacks(campaign: Campaign) -> list[Missing]:
    """What keeps a lottery from its start."""
    lottery = lottery_of(campaign=campaign)
    if lottery is None:
        return []
    return [] if odds_hold(one.share for one in chances_of(lottery=lottery)) else [Missing.ODDS]


def entrant_of(*, lottery: Lottery, person_id: int) -> Entrant | None:
    return Entrant.objects.filter(tenant_id=lottery.tenant_id, lottery=lottery, customer_id=person_id).first()


def draws_left(*, lottery: Lottery, entrant: Entrant | None) -> int:
    """How many draws somebody has now; who never came has the free ones."""
    if entrant is None:
        return min(lottery.free_draws, lottery.draws_most)
    return max(min(entrant.granted, lottery.draws_most) - entrant.used, 0)


def draw_list(*, lottery: Lottery) -> QuerySet[Draw]:
    """Every draw with its entrant and prize, the newest first."""
    rows = Draw.objects.filter(tenant_id=lottery.tenant_id, lottery=lottery)
    return rows.select_related("entrant__customer", "prize").order_by("-pk")


def draws_of(*, entrant: Entrant) -> list[Draw]:
    """The draws of one person, the newest first. One query."""
    rows = Draw.objects.filter(tenant_id=entrant.tenant_id, entrant=entrant)
    return list(rows.select_related("prize").order_by("-number"))


@dataclass(frozen=True)
class LotteryFigures:
    """`granted`: draws that people were granted, of which `draws` were made; `won` by prize."""

    people: int
    granted: int
    draws: int
    won: int
    gone: int
    by_prize: dict[int, int]


def figures_of_lottery(*, lottery: Lottery) -> LotteryFigures:
    """Live figures. Two queries."""
    people = Entrant.objects.filter(tenant_id=lottery.tenant_id, lottery=lottery)
    told = people.aggregate(people=Count("pk"), granted=Sum("granted"), used=Sum("used"))
    rows = Draw.objects.filter(tenant_id=lottery.tenant_id, lottery=lottery).order_by()
    counts = {
        (prize_id, outcome): count
        for prize_id, outcome, count in rows.values_list("prize_id", "outcome").annotate(count=Count("pk"))
    }
    won = {prize: count for (prize, outcome), count in counts.items() if outcome == DrawOutcome.WON}
    gone = sum(count for (_prize, outcome), count in counts.items() if outcome == DrawOutcome.GONE)
    return LotteryFigures(
        people=told["people"], granted=told["granted"] or 0, draws=told["used"] or 0, won=sum(won.values()),
        gone=gone, by_prize={int(prize): count for prize, count in won.items() if prize is not None},
    )  # fmt: skip


def record_head(*, lottery: Lottery, is_over: bool) -> dict[str, Any]:
    """The public record without its draws; the seed stands there once nobody can draw any more."""
    odds = [[one.prize.name, one.share, one.prize.stock] for one in chances_of(lottery=lottery)]
    return {
        "lottery": lottery.pk, "seed_hash": lottery.seed_hash, "seed": lottery.seed if is_over else None, "odds": odds,
    }  # fmt: skip


def record_lines(*, lottery: Lottery) -> Iterator[list[Any]]:
    """The draws of the public record, [code, number, roll, outcome, prize], in the order they were made."""
    rows = Draw.objects.filter(tenant_id=lottery.tenant_id, lottery=lottery).order_by("entrant_id", "number")
    fields = rows.values_list("entrant__code", "number", "roll", "outcome", "prize__name")
    for code, number, roll, outcome, name in fields.iterator(chunk_size=BATCH):
        yield [code, number, roll, outcome, name or ""]
