"""POST /sim/camp: tells the population that a camp begins, and plans its days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from simulator.human.answers import Body, need
from simulator.population import bustle, habits, schedule, traits
from simulator.population.habits import DAY_S, Deed, Item, Plan
from simulator.population.schedule import Act
from simulator.runtime import Runtime
from simulator.world.model import Corp, stream
from simulator.world.relations import Refused

TAIL_DAYS = 3
JOIN_DAYS = 4
DEFAULT_ITEMS = (
    Item("year-course", "年度会员课", 298000),
    Item("half-course", "半年精读课", 168000),
    Item("trial-box", "体验盒子", 9900),
)


@dataclass
class Camp:
    """A declared camp. `starts_at` is local midnight of its first day."""

    plan: Plan
    starts_at: int
    chat_ids: list[str]


def _items(body: Body) -> tuple[Item, ...]:
    rows = body.get("items") or body.get("shop") or []
    found = tuple(Item(str(row["id"]), str(row["title"]), int(row.get("price_fen") or 9900)) for row in rows)
    return found or DEFAULT_ITEMS


def _midnight(corp: Corp, text: str) -> int:
    try:
        day = dt.date.fromisoformat(text[:10])
    except ValueError as error:
        raise Refused("start_date is YYYY-MM-DD") from error
    return int(dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(corp.timezone)).timestamp())


async def declare(runtime: Runtime, body: Body) -> Body:
    """Plan the camp's joins and days. Repeating it with the same chats and date changes nothing."""
    corp_id, start_date, days = need(body, "corp_id", "start_date", "days")
    if not runtime.is_live:
        runtime.drive()
    corp = runtime.corp(corp_id)
    chat_ids = [c for c in body.get("chat_ids") or list(corp.groups) if c in corp.groups]
    if not chat_ids:
        raise Refused("chat_ids names no known group")
    starts_at = _midnight(corp, str(start_date))
    camp_id = str(
        body.get("camp_id") or f"camp-{start_date}-{stream(*sorted(chat_ids)).randrange(10**6):06d}"
    )
    if camp_id in corp.camps:
        return {"camp_id": camp_id, "joins_planned": 0, "is_new": False}
    days = int(days)
    offer_day = int(body.get("offer_day") or max(1, round(22 * days / habits.FULL_CAMP_DAYS)))
    plan = Plan(camp_id, corp.seed, days, offer_day, _items(body), float(body.get("activity") or 1.0))
    camp = Camp(plan, starts_at, chat_ids)
    corp.camps[camp_id] = camp
    joins = _plan_joins(runtime, corp, camp)
    first_day = max(1, int((runtime.clock.now() - starts_at) // DAY_S) + 1)
    _plan_day(runtime, corp, camp, first_day)
    return {"camp_id": camp_id, "joins_planned": joins, "is_new": True}


def _plan_joins(runtime: Runtime, corp: Corp, camp: Camp) -> int:
    """Those who belong to the camp's groups but are outside come in over the first days."""
    now, count = runtime.clock.now(), 0
    opens_at = max(now, camp.starts_at - DAY_S)
    for who in corp.customers:
        home = corp.people.get(who, {}).get("home")
        if home not in camp.chat_ids or who in corp.groups[home].members:
            continue
        rng = stream("arrive", corp.seed, camp.plan.camp_id, who)
        day = rng.choices(range(JOIN_DAYS), (55, 25, 12, 8))[0]
        arrives = opens_at + day * DAY_S + rng.randint(8 * 3600, 22 * 3600) - _second_of_day(corp, opens_at)
        schedule.plan(
            runtime.world,
            due=max(now, arrives),
            kind="join",
            corp_id=corp.corp_id,
            lane=home,
            slot_s=schedule.JOIN_SLOT_S,
            who=who,
            chat_id=home,
        )
        count += 1
    return count


def _second_of_day(corp: Corp, at: float) -> int:
    local = dt.datetime.fromtimestamp(at, ZoneInfo(corp.timezone))
    return local.hour * 3600 + local.minute * 60 + local.second


def _plan_day(runtime: Runtime, corp: Corp, camp: Camp, day: int) -> None:
    if day > camp.plan.days + TAIL_DAYS:
        return
    schedule.plan(
        runtime.world,
        due=camp.starts_at + (day - 1) * DAY_S + 6 * 3600,
        kind="camp_day",
        corp_id=corp.corp_id,
        lane=camp.plan.camp_id,
        camp_id=camp.plan.camp_id,
        day=day,
    )


def _seat(corp: Corp, camp: Camp, who: str) -> str:
    """The camp group the customer sits in, or their home."""
    home = str(corp.people.get(who, {}).get("home") or "")
    if home in camp.chat_ids and who in corp.groups[home].members:
        return home
    for chat_id in camp.chat_ids:
        if who in corp.groups[chat_id].members:
            return chat_id
    return ""


async def camp_day(runtime: Runtime, corp: Corp, act: Act) -> None:
    """In the morning the day of every member is laid out; then the next morning is planned."""
    camp: Camp = corp.camps[act.data["camp_id"]]
    day = act.data["day"]
    midnight = camp.starts_at + (day - 1) * DAY_S
    bustle.plan_day(runtime, corp, camp.chat_ids, midnight)
    for who in corp.customers:
        seat = _seat(corp, camp, who)
        home = corp.people.get(who, {}).get("home")
        if not seat and home not in camp.chat_ids:
            continue
        nature = traits.customer(corp, who)
        for number, deed in enumerate(habits.day_of(camp.plan, who, nature, day)):
            _plan_deed(runtime, corp, camp, who, seat, midnight + deed.second, f"{day}-{number}", deed)
        if seat and habits.leaves_on(camp.plan, who, nature, day):
            _plan_leave(runtime, corp, camp, who, midnight + nature.wakes_at * 3600 + 4 * 3600)
    _plan_day(runtime, corp, camp, day + 1)


def _plan_deed(
    runtime: Runtime, corp: Corp, camp: Camp, who: str, seat: str, at: float, number: str, deed: Deed
) -> None:
    schedule.plan(
        runtime.world,
        due=at,
        kind="behave",
        corp_id=corp.corp_id,
        lane=who,
        slot_s=schedule.PASSIVE_SLOT_S,
        who=who,
        deed=deed,
        chat_id=seat or str(corp.people.get(who, {}).get("home") or ""),
        camp_id=camp.plan.camp_id,
        at=at,
        number=number,
    )


def _plan_leave(runtime: Runtime, corp: Corp, camp: Camp, who: str, at: float) -> None:
    schedule.plan(
        runtime.world,
        due=at,
        kind="leave",
        corp_id=corp.corp_id,
        lane=who,
        slot_s=schedule.JOIN_SLOT_S,
        who=who,
        chat_ids=camp.chat_ids,
    )
