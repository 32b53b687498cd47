"""The planner beside what it does not plan: other groups' messages, WeCom's windows; real weeks against every way."""

import contextlib
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from contacts.models import Customer, ExposureDay, ExposureWeek
from sop.errors import PlanChanged
from sop.models import Touch, WeekPlan
from sop.selectors.audience import audience_resolve
from sop.selectors.planned import Planned, planner_plan
from sop.selectors.planner import importance
from sop.services import calendar, planner
from sop.services.planner import planner_apply
from sop.services.planning import plan_apply
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Preference, User
from tenants.scoping import tenant_scope
from tests.factories.groups import make_member
from tests.factories.sop import make_run, make_version
from tests.parallel import in_parallel
from tests.sop.conftest import Camp
from wecom.models import QuotaEntry, QuotaRuleChange

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
MONDAY, ZONE = date(2026, 3, 2), "Asia/Shanghai"  # Monday 09:00 in Shanghai is now
Make = Callable[..., Camp]


def planned(camp: Make, *steps: dict[str, Any], caps: dict[str, int] | None = None, **more: Any) -> Camp:
    made = camp(steps=list(steps), **more)
    for key, value in (caps or {}).items():
        Preference.objects.create(tenant=made.tenant, key=key, value=value)
    plan_apply(tenant=made.tenant, run=made.run)
    return made


def run_beside(made: Camp, group: Any, *steps: dict[str, Any]) -> None:
    """Another run, in one group."""
    version = make_version(tenant=made.tenant, steps=list(steps))
    plan_apply(tenant=made.tenant, run=make_run(tenant=made.tenant, version=version, groups=[group]))


def plan(made: Camp, *groups: Any, moves: int = 0) -> Planned:
    ids = [one.pk for one in groups] or None
    return planner_plan(tenant=made.tenant, starts_on=MONDAY, group_ids=ids, moves=moves)


def fates(found: Planned) -> dict[int, tuple[int | None, str]]:
    """{touch: (option, rule)}"""
    chosen, binding = found.best.chosen, found.best.binding
    return {pk: (chosen[pk], binding[pk].rule if pk in binding else "") for pk in found.week.touches}


class TestOtherGroups:
    def test_what_another_group_sends_the_same_people_takes_their_place(self, camp: Make) -> None:
        made = planned(
            camp, {"at": time(10, 0), "priority": 1}, caps={"touch.cap_per_day": 1}, groups=3, people=2
        )
        first, _second, third = made.groups
        make_member(group=first, customer=made.people[1][0])
        mine = Touch.objects.get(group=first).pk
        assert fates(plan(made, first)) == {mine: (None, "CAP-01")}
        assert fates(plan(made, first, moves=1)) == {mine: (1, "CAP-01")}
        alone = Touch.objects.get(group=third).pk
        assert fates(plan(made, third)) == {alone: (0, "")}
        assert [plan(made).best.chosen[one] for one in (mine, alone)] == [
            0,
            0,
        ]  # together one of two gives way

    def test_a_persons_other_record_counts_as_well_and_what_will_not_go_out_does_not(
        self, camp: Make
    ) -> None:
        made = planned(camp, {"at": time(10, 0)}, caps={"touch.cap_per_week": 1}, groups=2, people=1)
        first, second = made.groups
        mine = Touch.objects.get(group=first).pk
        assert fates(plan(made, first)) == {mine: (0, "")}
        Customer.objects.filter(pk=made.people[1][0].pk).update(person=made.people[0][0])
        assert fates(plan(made, first)) == {mine: (None, "CAP-02")}
        second.frozen_at = clock.now()
        second.save(update_fields=["frozen_at"])
        assert fates(plan(made, first)) == {mine: (0, "")}

    def test_the_same_staffs_minutes_in_another_group_are_taken_off(self, camp: Make) -> None:
        step = {"at": time(10, 0), "cost_minutes": 8}
        made = planned(camp, step, caps={"sop.staff_minutes_a_day": 15}, groups=2)
        mine = Touch.objects.get(group=made.groups[0]).pk
        assert fates(plan(made, made.groups[0])) == {mine: (None, "LOAD-01")}
        Preference.objects.update(value=16)
        assert fates(plan(made, made.groups[0])) == {mine: (0, "")}

    def test_the_page_says_so_for_chosen_groups_alone(self, camp: Make, client: Client) -> None:
        made = planned(camp, {"at": time(10, 0)}, groups=2)
        User.objects.update(language="en")
        client.force_login(User.objects.get(email="lin@example.com"))
        page, said = (
            reverse("sop:planner", args=[made.tenant.slug]),
            "Messages of other groups stay as they are",
        )
        assert said not in client.get(page).content.decode()
        assert said in client.get(page, {"groups": made.groups[0].pk}).content.decode()


def test_a_send_of_one_day_leaves_the_windows_of_others_alone(camp: Make) -> None:
    """One mass send a person and day: who had today's may have tomorrow's, and who had tomorrow's today's."""
    made = planned(
        camp,
        {"at": time(10, 0), "channel": "private_mass", "text": "早"},
        {"at": time(10, 0), "day": 2, "channel": "private_mass", "text": "早"},
        {"at": time(10, 0), "day": 3, "channel": "group_mass"},
    )
    QuotaRuleChange.objects.create(tenant=made.tenant, rule="1_day", effective_from=date(2026, 1, 1))
    today, tomorrow, third = Touch.objects.order_by("due_at").values_list("pk", flat=True)
    one = made.people[0][0].external_userid
    entry = {"tenant": made.tenant, "source": "corp", "local_date": MONDAY}
    QuotaEntry.objects.create(**entry, receiver_kind="customer", receiver_id=one, vendor_msgid="m1")
    assert fates(plan(made)) == {today: (None, "QUOTA-01"), tomorrow: (0, ""), third: (0, "")}
    QuotaEntry.objects.update(local_date=date(2026, 3, 3))
    assert fates(plan(made)) == {today: (0, ""), tomorrow: (None, "QUOTA-01"), third: (0, "")}
    entry["local_date"] = date(2026, 3, 4)
    chat = made.groups[0].chat_id
    QuotaEntry.objects.create(**entry, receiver_kind="group", receiver_id=chat, vendor_msgid="m2")
    assert fates(plan(made))[third] == (None, "QUOTA-01")


class TestRealWeeks:
    """Weeks of real rows, person by person: nothing here knows of crowds, places or prices."""

    @pytest.mark.parametrize("seed", range(8))
    def test_no_other_way_is_worth_more_and_each_rule_named_is_the_first_that_binds(
        self, camp: Make, seed: int
    ) -> None:
        dice = random.Random(seed)
        made = a_week(camp, dice)
        moves = dice.randint(0, 1)
        found = plan(made, moves=moves)
        ground = Ground(made, found, moves)
        assert found.best.is_proven
        assert found.best.value == ground.best()
        chosen = {pk: ground.days(pk)[n] for pk, n in found.best.chosen.items() if n is not None}
        assert ground.refused(chosen) == ""
        for pk, place in found.best.binding.items():
            others = {one: day for one, day in chosen.items() if one != pk}
            assert place.rule == ground.refused(others, pk)


def a_week(camp: Make, dice: random.Random) -> Camp:
    """Two groups with people in common, five or so messages of two days, and what people had before."""
    steps = [
        {
            "at": time(10 + number), "day": dice.randint(1, 2), "priority": dice.choice((10, 40, 40, 60)),
            "channel": dice.choice(("group_forward", "group_forward", "group_mass")),
            "cost_minutes": dice.choice((0, 5, 8)),
        }
        for number in range(3)
    ]  # fmt: skip
    caps = {
        "touch.cap_per_day": dice.randint(1, 2), "touch.cap_per_week": dice.randint(2, 4),
        "touch.group_per_day": dice.randint(1, 3), "sop.staff_minutes_a_day": dice.choice((10, 16, 30)),
    }  # fmt: skip
    made = planned(camp, *steps, caps=caps, groups=2, people=3)
    QuotaRuleChange.objects.create(tenant=made.tenant, rule="1_day", effective_from=date(2026, 1, 1))
    make_member(group=made.groups[1], customer=made.people[0][0])
    tired = made.people[dice.randint(0, 1)][1]
    ExposureDay.objects.create(tenant=made.tenant, customer=tired, local_date=MONDAY, count=1)
    ExposureWeek.objects.create(
        tenant=made.tenant, customer=tired, starts_on=MONDAY, count=dice.randint(1, 2)
    )
    return made


class Ground:
    """The limits of a week as they stand in the rows, and every way to carry the week out."""

    def __init__(self, made: Camp, found: Planned, moves: int) -> None:
        self.touches, self.moves = found.week.touches, moves
        self.caps = dict(Preference.objects.values_list("key", "value"))
        reached = audience_resolve(tenant_id=made.tenant.pk, zone=ZONE, touches=self.touches.values())
        self.reached = {pk: sorted(reached[pk]) for pk in self.touches}
        self.today = dict(ExposureDay.objects.values_list("customer", "count"))
        self.week = dict(ExposureWeek.objects.values_list("customer", "count"))

    def days(self, pk: int) -> list[date]:
        own = clock.local_date(self.touches[pk].due_at, ZONE)
        return [own + timedelta(days=n) for n in range(self.moves + 1)]

    def worth(self, pk: int, later: int) -> int:
        value = importance(self.touches[pk].step.priority) * len(self.reached[pk])
        return value - later * max(1, value // 50)

    def refused(self, chosen: dict[int, date], asked: int | None = None) -> str:
        """The first rule that these messages on these days break; of one more on its own day, which it breaks."""
        ways = {**chosen, asked: self.days(asked)[0]} if asked is not None else chosen
        by_rule: dict[str, Counter[Any]] = defaultdict(Counter)
        for pk, day in ways.items():
            touch = self.touches[pk]
            by_rule["GROUP-01"][touch.group_id, day] += 1
            if touch.channel == "group_mass":
                by_rule["QUOTA-01"][touch.group_id, day] += 1
            for person in self.reached[pk]:
                by_rule["CAP-01"][person, day] += 1
                by_rule["CAP-02"][person, None] += 1
            by_rule["LOAD-01"][touch.staff_id, day] += touch.step.cost_minutes
        for rule in ("GROUP-01", "QUOTA-01", "CAP-01", "CAP-02", "LOAD-01"):
            for (who, day), count in by_rule[rule].items():
                if count > self.most(rule, who, day) and (
                    asked is None or self.concerns(asked, rule, who, day)
                ):
                    return rule
        return ""

    def concerns(self, pk: int, rule: str, who: int, day: date | None) -> bool:
        touch = self.touches[pk]
        if day not in (None, self.days(pk)[0]):
            return False
        if rule in ("GROUP-01", "QUOTA-01"):
            return who == touch.group_id and (rule == "GROUP-01" or touch.channel == "group_mass")
        return who in self.reached[pk] if rule.startswith("CAP") else bool(touch.step.cost_minutes)

    def most(self, rule: str, who: int, day: date | None) -> int:
        if rule == "QUOTA-01":
            return 1
        if rule == "CAP-02":
            return max(0, self.caps["touch.cap_per_week"] - self.week.get(who, 0))
        if rule == "CAP-01":
            return max(0, self.caps["touch.cap_per_day"] - (self.today.get(who, 0) if day == MONDAY else 0))
        return self.caps["touch.group_per_day" if rule == "GROUP-01" else "sop.staff_minutes_a_day"]

    def best(self) -> int:
        return self._best(list(self.touches), {})

    def _best(self, left: list[int], chosen: dict[int, date]) -> int:
        if not left:
            return 0
        pk, rest = left[0], left[1:]
        best = self._best(rest, chosen)
        for later, day in enumerate(self.days(pk)):
            way = {**chosen, pk: day}
            if not self.refused(way):
                best = max(best, self.worth(pk, later) + self._best(rest, way))
        return best


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["plan", "replan"])
def test_two_who_put_one_plan_in_force_at_once_record_it_once(
    camp: Make, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    with transaction.atomic():
        made = planned(
            camp, {"at": time(10, 0), "priority": 60}, {"at": time(18, 0), "priority": 10},
            caps={"touch.cap_per_day": 1},
        )  # fmt: skip
    module, name = (planner, "planner_plan") if kind == "plan" else (calendar, "replan_of")
    ask: dict[str, Any] = {"tenant": made.tenant, "starts_on": MONDAY, "actor": SYSTEM}
    if kind == "plan":
        ask |= {"group_ids": None, "moves": 1, "mark": plan(made, moves=1).mark}
    else:
        Touch.objects.update(state="blocked", rule_code="QUIET-01")
        ids = [one.pk for one in made.groups]
        ask |= {
            "group_ids": ids,
            "mark": calendar.replan_of(tenant=made.tenant, starts_on=MONDAY, group_ids=ids).mark,
        }
    meet, read, refused = threading.Barrier(2), getattr(module, name), []

    def when_both_have_read(**asked: Any) -> Any:
        found = read(**asked)
        with contextlib.suppress(threading.BrokenBarrierError):
            meet.wait(1)  # who is kept waiting before does not come in time
        return found

    monkeypatch.setattr(module, name, when_both_have_read)

    def press(_number: int) -> None:
        with tenant_scope(made.tenant):
            try:
                (planner_apply if kind == "plan" else calendar.replan_apply)(**ask)
            except PlanChanged:
                refused.append(kind)

    in_parallel(2, press)
    assert (WeekPlan.objects.count(), refused) == (1, [kind])


def test_nothing_that_is_over_stands_in_a_week(camp: Make) -> None:
    made = planned(camp, {"at": time(10, 0)})
    Touch.objects.update(due_at=datetime(2026, 3, 2, 0, 59, tzinfo=UTC))
    assert not plan(made).week.touches
