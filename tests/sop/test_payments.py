"""How groups are paid for, as a filter of what was carried out, planned and mixed (R3 on R55, R59 and R60)."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.models import Group
from sop.models import RunGroup
from sop.selectors.execution import execution_rate, execution_sides, skip_reasons
from sop.selectors.quadrants import run_quadrants
from tenants import clock
from tenants.models import Preference, User
from tests.factories.contacts import make_behaviour
from tests.factories.sop import make_run, make_touch
from tests.factories.team import make_staff
from tests.sop.conftest import Camp
from tests.sop.test_pages import page

__all__ = ["page"]
pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]


@pytest.fixture
def split(camp: Make) -> Camp:
    """A paid group of 林晓 where three of four touches were done, two of them conversations, and an unpaid one of 周岚
    with nothing done; one in four people of the paid one came to the live room, two of the unpaid one."""
    made = camp(steps=[{"key": "hello", "is_service": True}], groups=2, people=4, key_interaction="live")
    User.objects.update(language="en")
    paid, unpaid = made.groups
    zhou = make_staff(tenant=made.tenant, app=paid.app, userid="zhou", name="周岚")
    Group.objects.filter(pk=paid.pk).update(payment_basis="paid")
    Group.objects.filter(pk=unpaid.pk).update(payment_basis="unpaid", owner=zhou)
    now = clock.now()
    began = {"planned_at": now - timedelta(hours=3), "window_ends_at": now - timedelta(hours=1)}
    for number, state in enumerate(("confirmed", "confirmed", "confirmed", "skipped")):
        make_touch(
            tenant=made.tenant, run=made.run, step=made.step, group=paid, occurrence=str(number), state=state,
            staff=made.staff, done_at=now - timedelta(hours=2), is_talk=number < 2, reason="人不在", **began,
        )  # fmt: skip
    for number in range(2):
        make_touch(
            tenant=made.tenant, run=made.run, step=made.step, group=unpaid, occurrence=str(number),
            state="expired", staff=zhou, **began,
        )  # fmt: skip
    for one in (made.people[0][0], *made.people[1][:2]):
        make_behaviour(tenant=made.tenant, customer=one, kind="live", occurred_at=now - timedelta(hours=2))
    for key in ("sop.floor_touches", "sop.floor_people"):
        Preference.objects.create(tenant=made.tenant, key=key, value=1)
    return made


def figures(body: str, name: str) -> list[str]:
    """The numbers of one row of an execution table."""
    row = re.search(rf"<th scope=\"row\"[^>]*>[^<]*{name}.*?</tr>", body, re.S)
    assert row is not None
    return re.findall(r">\s*([\d.]+%?|–)\s*<", row.group())


def test_the_same_rows_are_counted_whichever_way_they_are_read(split: Camp) -> None:
    for payments, due in (
        ((), 6),
        (("paid",), 4),
        (("unpaid",), 2),
        (("paid", "unpaid"), 6),
        (("low_price",), 0),
    ):
        sides = execution_sides(tenant_id=split.tenant.pk, payments=payments)
        (every,) = execution_rate(tenant_id=split.tenant.pk, payments=payments)
        assert {sum(one.due for one in rows) for rows in sides.values()} == {every.due} == {due}
    assert skip_reasons(tenant_id=split.tenant.pk, payments=["paid"]) == [("人不在", 1)]
    assert skip_reasons(tenant_id=split.tenant.pk, payments=["unpaid"]) == []


def test_operators_are_measured_among_groups_that_are_paid_for_alike(split: Camp) -> None:
    both = run_quadrants(tenant=split.tenant, run=split.run, by="interaction")
    assert both.bars.works == 3 / 8
    assert {one.name: (one.execution.due, one.succeeded, one.quadrant) for one in both.operators} == {
        "林晓": (4, 1, "coach"), "周岚": (2, 2, "learn"),
    }  # fmt: skip
    alone = run_quadrants(tenant=split.tenant, run=split.run, by="interaction", payments=["paid"])
    assert alone.bars.works == 1 / 4
    assert [(one.name, one.execution.due, one.quadrant) for one in alone.operators] == [("林晓", 4, "learn")]


def test_who_owns_a_group_that_left_the_run_is_not_measured_by_it(split: Camp) -> None:
    RunGroup.objects.filter(run=split.run, group=split.groups[1]).update(removed_at=clock.now())
    found = run_quadrants(tenant=split.tenant, run=split.run, by="interaction")
    assert ([one.name for one in found.operators], found.bars.works) == (["林晓"], 1 / 4)


def test_the_results_of_a_run_are_read_for_paid_groups_alone(split: Camp, page: Callable[..., Any]) -> None:
    home = f"/sop/runs/{split.run.pk}/results/"
    every, paid = page(home).content.decode(), page(f"{home}?payment=paid").content.decode()
    assert "3 of 6 due" in every
    assert "周岚" in every
    assert "3 of 4 due" in paid
    assert "周岚" not in paid
    assert "启蒙02群" not in paid
    link = f"/sop/touches/?run={split.run.pk}&amp;staff={split.staff.pk}&amp;payment=paid&amp;figure=due"
    assert link in paid
    opened = page(link.replace("&amp;", "&")).content.decode()
    assert opened.count('hx-target="#q-drawer"') >= 4
    assert "启蒙02群" not in opened.split("</form>")[-1]
    assert "payment=paid&amp;by=orders" in paid  # the other result keeps the filter
    assert f'?run={split.run.pk}&amp;payment=paid&amp;speech=conversation">2<' in paid
    assert "are counted over all groups only" in paid  # what is not split says so
    assert "strategies/" not in paid
    assert "are counted over all groups only" not in every
    none = page(f"{home}?payment=low_price").content.decode()
    assert "Nothing was due in groups that are paid for like this." in none
    assert 'payment=unpaid"' in none  # and one click back
    assert "3 of 6 due" in page(f"{home}?payment=barter").content.decode()
    with CaptureQueriesContext(connection) as asked:
        page(f"{home}?payment=paid")
    assert len(asked) <= 25


def test_execution_over_all_camps_is_read_for_unpaid_groups_alone(
    split: Camp, page: Callable[..., Any]
) -> None:
    shown = page(f"/insights/execution/?run={split.run.pk}&payment=unpaid").content.decode()
    assert figures(shown, "周岚")[0] == "2"
    assert "林晓" not in shown.split("By colleague")[1]
    assert f"run={split.run.pk}&amp;payment=unpaid&amp;staff=" in shown
    assert '<input name="payment" type="hidden" value="unpaid">' in shown  # another camp keeps the filter


def test_a_long_table_of_execution_shows_what_was_done_least_and_opens_whole(
    split: Camp, page: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analytics.selectors.execution.LEAST", 1)
    home = f"/insights/execution/?run={split.run.pk}"
    staff = page(home).content.decode().split("By colleague")[1].split("By group")[0]
    rates = [figures(staff, name)[2] for name in ("林晓", "周岚") if name in staff]
    assert len(rates) == 1
    assert "The 1 carried out least, of 2." in staff
    assert "Sum</th>" in staff
    assert f'href="?run={split.run.pk}&amp;all=staff"' in staff
    whole = page(f"{home}&all=staff").content.decode().split("By colleague")[1].split("By group")[0]
    both = {name: figures(whole, name)[2] for name in ("林晓", "周岚")}
    assert rates == [min(both.values(), key=lambda rate: float(rate.rstrip("%")))]
    assert len(set(both.values())) == 2
    assert "carried out least" not in whole


def test_calendar_weekly_table_and_runs_are_looked_at_by_payment(
    split: Camp, page: Callable[..., Any]
) -> None:
    week = "/sop/calendar/?week=2026-03-02"
    assert "启蒙02群" in page(week).content.decode()
    board = page(f"{week}&payment=paid").content.decode()
    assert "启蒙01群" in board
    assert "启蒙02群" not in board
    assert "Clear filters" in board
    plan = page("/library/week/?payment=unpaid").content.decode()
    assert "启蒙02群" in plan
    assert "启蒙01群" not in plan
    assert "No group is paid for like this." in page("/library/week/?payment=low_price").content.decode()
    second = make_run(tenant=split.tenant, version=split.version, groups=split.groups[1:], name="只在第二群")
    assert "只在第二群" in page("/sop/runs/?payment=unpaid").content.decode()
    rows = page("/sop/runs/?payment=paid").content.decode()
    assert split.run.name in rows
    assert "只在第二群" not in rows
    RunGroup.objects.filter(run=second).update(removed_at=clock.now())
    assert "只在第二群" not in page("/sop/runs/?payment=unpaid").content.decode()
