"""What a customer does in the tenant's own shop and course during a camp: pure functions of the seed.

A camp has phases (R47): groundwork, momentum, climax, wrap-up; shorter camps scale. Orders have two
peaks, at the opening and at the end (R46).
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from simulator.population.traits import Customer
from simulator.world.model import stream

HOUR_S = 3600
DAY_S = 86400
FULL_CAMP_DAYS = 30
INQUIRIES = (
    "年课怎么报名",
    "请问年课多少钱呀",
    "孩子五岁可以学吗，怎么报",
    "课程怎么买，有优惠吗",
    "年课什么时候开课，想报名",
)
CHATTER = ("打卡", "今天的课听完啦", "老师讲得很清楚", "作业交了", "一起加油", "谢谢老师")


@dataclass(frozen=True)
class Item:
    """Something the tenant sells."""

    id: str
    title: str
    price_fen: int


@dataclass(frozen=True)
class Plan:
    """A camp as the population knows it. `offer_day` opens a two-day offer."""

    camp_id: str
    seed: int
    days: int
    offer_day: int
    items: tuple[Item, ...]
    activity: float = 1.0

    def scaled(self, day: int) -> int:
        """A day of the 30-day plan in this camp."""
        return max(1, round(day * self.days / FULL_CAMP_DAYS))


@dataclass(frozen=True)
class Deed:
    """One behaviour at `second` of the day."""

    second: int
    kind: str
    object: dict[str, str] = field(default_factory=dict)
    amount_fen: int | None = None
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    in_group: bool = False


@dataclass(frozen=True)
class _Step:
    day: int
    deed: Deed


def _moment(rng: random.Random, who: Customer, *, evening: bool = True) -> int:
    """A second of the day while the person is awake, mostly in the evening."""
    if evening and rng.random() < 0.6:
        return rng.randint(19 * HOUR_S, who.sleeps_at * HOUR_S - 1)
    return rng.randint(who.wakes_at * HOUR_S, who.sleeps_at * HOUR_S - 1)


def _sku(item: Item) -> dict[str, str]:
    return {"kind": "sku", "id": item.id, "title": item.title}


def _study(plan: Plan, who: Customer, day: int, rng: random.Random) -> list[Deed]:
    """Lessons and assignments, with tiredness for all but the keenest."""
    tired = 1.0 if who.intent == "will_buy" else max(0.35, 1 - day / 45)
    if rng.random() >= who.lesson_p * tired * plan.activity:
        return []
    at = _moment(rng, who)
    lesson = {"kind": "lesson", "id": f"lesson-{day}", "title": f"第{day}课"}
    deeds = [Deed(at, "lesson", lesson, data={"progress": 100})]
    if rng.random() < who.assignment_p:
        work = {"kind": "assignment", "id": f"assignment-{day}", "title": f"第{day}课作业"}
        deeds.append(Deed(min(at + rng.randint(600, 5400), DAY_S - 60), "assignment", work))
    if rng.random() < 0.12:
        deeds.append(Deed(at + 60, "message", text=rng.choice(CHATTER), in_group=True))
    return deeds


def _events_of_day(plan: Plan, who: Customer, day: int, rng: random.Random) -> list[Deed]:
    """Live sessions, the opening form, check-ins, the mini-program."""
    keen = {"will_buy": 0.7, "curious": 0.35, "lurker": 0.06, "leaver": 0.04}[who.intent]
    deeds = []
    if day in {1, plan.scaled(17), plan.offer_day} and rng.random() < keen:
        live = {"kind": "live", "id": f"live-{day}", "title": f"第{day}天直播"}
        deeds.append(Deed(20 * HOUR_S + rng.randint(0, 1800), "live", live, data={"watched_s": 1800}))
    if day == min(2, plan.days) and rng.random() < keen * 0.8:
        deeds.append(Deed(_moment(rng, who), "form", {"kind": "form", "id": "needs", "title": "入营问卷"}))
    if day % 7 == 0 and rng.random() < keen * 0.6:
        deeds.append(
            Deed(_moment(rng, who), "checkin", {"kind": "checkin", "id": f"c-{day}", "title": "打卡"})
        )
    if day == plan.scaled(10) and rng.random() < keen * 0.4:
        shop = {"kind": "mini_program", "id": "shop", "title": "课程商城"}
        deeds.append(Deed(_moment(rng, who), "mini_program", shop))
    return deeds


def _order_day(plan: Plan, who: Customer, rng: random.Random) -> int | None:
    """The day of the order, or None for those who never buy."""
    opening, ending = {"will_buy": (0.25, 0.45), "curious": (0.02, 0.07)}.get(who.intent, (0.0, 0.006))
    roll = rng.random()
    if roll < opening:
        return rng.choice((1, min(2, plan.days)))
    if roll < opening + ending:
        closing = plan.days - rng.choice((0, 1))
        return rng.choice((plan.offer_day, plan.offer_day + 1, closing, closing, closing, closing))
    return None


def story(plan: Plan, external_userid: str, who: Customer) -> list[tuple[int, Deed]]:
    """The person's way to a purchase, or not: inquiries, clicks, order, refund, by day of the camp."""
    rng = stream("story", plan.seed, plan.camp_id, external_userid)
    item = rng.choice(plan.items)
    bought = _order_day(plan, who, rng)
    steps: list[_Step] = []
    asks = {"will_buy": 0.4, "curious": 0.1}.get(who.intent, 0.01)
    target = bought or rng.choice((2, plan.offer_day, plan.offer_day + 1, plan.days - 1))
    first = max(1, target - 2)
    if rng.random() < asks:
        steps.append(_Step(first, Deed(_moment(rng, who), "message", text=rng.choice(INQUIRIES))))
    looks = {"will_buy": (1, 5), "curious": (0, 4)}.get(who.intent, (0, 1))
    wanted = bought is not None or rng.random() < {"will_buy": 0.9, "curious": 0.5}.get(who.intent, 0.05)
    steps += [
        _Step(rng.randint(first, target), Deed(_moment(rng, who), "purchase_click", _sku(item)))
        for _ in range(rng.randint(*looks) if wanted else 0)
    ]
    steps += _purchase(external_userid, plan, item, bought, rng, who, wanted)
    return [(step.day, step.deed) for step in steps]


def _purchase(
    external_userid: str,
    plan: Plan,
    item: Item,
    bought: int | None,
    rng: random.Random,
    who: Customer,
    wanted: bool,
) -> list[_Step]:
    at = min(_moment(rng, who), 22 * HOUR_S)
    if bought is None:
        hesitates = wanted and rng.random() < {"will_buy": 0.7, "curious": 0.12}.get(who.intent, 0)
        day = rng.choice((plan.offer_day, plan.offer_day + 1))
        return [_Step(day, Deed(at, "pay_click", _sku(item)))] if hesitates else []
    order_no = f"{plan.camp_id}-{external_userid[-10:]}"
    order = {"kind": "order", "id": order_no, "title": item.title}
    detail = {"order_no": order_no, "sku_id": item.id}
    steps = [
        _Step(bought, Deed(at, "pay_click", _sku(item))),
        _Step(bought, Deed(at + rng.randint(30, 900), "order", order, item.price_fen, data=detail)),
    ]
    if rng.random() < 0.06:
        later = bought + rng.randint(1, 3)
        steps.append(_Step(later, Deed(12 * HOUR_S, "refund", order, item.price_fen, data=detail)))
    return steps


def day_of(plan: Plan, external_userid: str, who: Customer, day: int) -> list[Deed]:
    """Everything the person does on one day of the camp (1 is the first day), in order."""
    deeds = [deed for at_day, deed in story(plan, external_userid, who) if at_day == day]
    if 1 <= day <= plan.days:
        rng = stream("day", plan.seed, plan.camp_id, external_userid, day)
        deeds += _study(plan, who, day, rng) + _events_of_day(plan, who, day, rng)
    return sorted(deeds, key=lambda deed: deed.second)


def leaves_on(plan: Plan, external_userid: str, who: Customer, day: int) -> bool:
    """Whether the person leaves the group on this day."""
    rng = stream("leave", plan.seed, plan.camp_id, external_userid, day)
    return day > 1 and rng.random() < who.leave_p


def local_hour(at: float, timezone: str) -> int:
    """The hour on the wall of the corp's zone."""
    return dt.datetime.fromtimestamp(at, ZoneInfo(timezone)).hour
