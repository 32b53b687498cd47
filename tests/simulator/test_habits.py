"""What customers do by the seed: pure functions, no HTTP."""

from __future__ import annotations

from simulator.population import habits, traits
from simulator.world import seed
from simulator.world.model import World

ITEMS = (habits.Item("year", "年课", 298000),)


def _plan(days: int = 30) -> habits.Plan:
    return habits.Plan("camp", 3, days, round(22 * days / 30), ITEMS)


def test_habits_are_the_same_for_the_same_seed_and_differ_for_another() -> None:
    corp = seed.make_corp(World(), seed.Plan("企业", 3, 2, 200, seed=3), 0)
    other = habits.Plan("camp", 4, 30, 22, ITEMS)

    def everything(plan: habits.Plan) -> list[list[habits.Deed]]:
        return [
            habits.day_of(plan, who, traits.customer(corp, who), day)
            for who in corp.customers
            for day in (1, 22)
        ]

    assert everything(_plan()) == everything(_plan())
    assert everything(_plan()) != everything(other)


def test_orders_peak_at_the_opening_and_at_the_end() -> None:
    corp = seed.make_corp(World(), seed.Plan("企业", 3, 2, 3000, seed=3), 0)
    by_day = dict.fromkeys(range(1, 35), 0)
    for who in corp.customers:
        for day, deed in habits.story(_plan(), who, traits.customer(corp, who)):
            by_day[day] += deed.kind == "order"
    assert by_day[1] + by_day[2] > 40
    assert by_day[29] + by_day[30] > by_day[22] + by_day[23] > 0
    assert sum(by_day[day] for day in range(3, 22)) == 0


def test_every_order_follows_a_pay_click_and_every_refund_an_order() -> None:
    corp = seed.make_corp(World(), seed.Plan("企业", 3, 2, 2000, seed=3), 0)
    seen = 0
    for who in corp.customers:
        steps = [
            (day, deed.second, deed.kind)
            for day, deed in habits.story(_plan(7), who, traits.customer(corp, who))
            if deed.kind in ("pay_click", "order", "refund")
        ]
        kinds = [kind for _, _, kind in sorted(steps)]
        assert kinds in ([], ["pay_click"], ["pay_click", "order"], ["pay_click", "order", "refund"])
        seen += len(kinds) > 1
    assert seen > 50
