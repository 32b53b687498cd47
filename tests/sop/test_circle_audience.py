"""A circle as the audience of a step (R21, R41): judged when it is planned, at sending, and while it waits."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest

from groups.models import CircleSpell
from sop.enums import CIRCLES_OF, Audience
from sop.models import Touch, TouchRecipient
from sop.policies.plan import load_by_day
from sop.services.dispatch import dispatch_due
from sop.services.estimates import step_estimate
from sop.services.following import runs_follow
from sop.services.planning import plan_apply
from tests.conftest import MovableClock
from tests.sop.conftest import Camp
from wecom.models import OutboundSend, QuotaEntry

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
TEN = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
STEP = {"channel": "private_mass", "text": "只给你们", "window_minutes": 240, "at": time(10, 0)}


def stand(made: Camp, *circles: str, since: date = date(2026, 3, 1)) -> None:
    """The people of the first group stand in these circles, one each."""
    for person, circle in zip(made.people[0], circles, strict=True):
        CircleSpell.objects.create(
            tenant=made.tenant,
            group=made.groups[0],
            customer=person,
            circle=circle,
            from_day=since,
            active_days=5,
        )


def move(made: Camp, number: int, circle: str) -> None:
    """That person stands in another circle from today on."""
    rows = CircleSpell.objects.filter(customer=made.people[0][number], until_day=None)
    rows.update(until_day=date(2026, 3, 2))
    CircleSpell.objects.create(
        tenant=made.tenant, group=made.groups[0], customer=made.people[0][number], circle=circle,
        from_day=date(2026, 3, 2), active_days=1,
    )  # fmt: skip


def places(made: Camp, touch: Touch) -> list[tuple[str, str] | None]:
    """Where each person of the first group stands in the touch, in order; None: not meant."""
    found = TouchRecipient.objects.filter(touch=touch)
    told = {one: (state, rule) for one, state, rule in found.values_list("customer_id", "state", "rule_code")}
    return [told.get(one.pk) for one in made.people[0]]


def sent(made: Camp, frozen: MovableClock) -> Touch:
    frozen.set(TEN)
    dispatch_due(tenant_id=made.tenant.pk)
    return Touch.objects.get()


IN, LEFT = ("planned", ""), ("blocked", "SOP-16")


@pytest.mark.parametrize(
    ("audience", "meant"),
    [("core", [IN, None, None]), ("engaged", [IN, IN, None]), ("influence", [None, IN, None]),
     ("periphery", [None, None, IN])],
)  # fmt: skip
def test_only_the_circle_gets_it(
    camp: Make, frozen: MovableClock, audience: str, meant: list[tuple[str, str] | None]
) -> None:
    made = camp(steps=[{**STEP, "audience": audience}])
    stand(made, "core", "influence", "periphery")
    plan_apply(tenant=made.tenant, run=made.run)
    assert places(made, sent(made, frozen)) == meant


def test_who_left_the_circle_since_it_was_planned_is_left_out_by_the_rule(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{**STEP, "audience": "engaged"}])
    stand(made, "core", "core", "periphery")
    plan_apply(tenant=made.tenant, run=made.run)
    type(made.run).objects.update(created_at=TEN - timedelta(days=1))
    move(made, 1, "periphery")
    move(made, 2, "influence")
    assert places(made, sent(made, frozen)) == [IN, LEFT, IN]


def test_who_leaves_the_circle_while_it_waits_in_the_queue_is_taken_out(
    camp: Make, frozen: MovableClock
) -> None:
    made = camp(steps=[{**STEP, "audience": "engaged"}])
    stand(made, "core", "influence", "core")
    plan_apply(tenant=made.tenant, run=made.run)
    touch = sent(made, frozen)
    move(made, 1, "periphery")
    runs_follow(tenant=made.tenant)
    runs_follow(tenant=made.tenant)
    gone = made.people[0][1].external_userid
    assert places(made, touch) == [IN, LEFT, IN]
    assert gone not in OutboundSend.objects.get(kind="mass_send").payload["external_userids"]
    assert not QuotaEntry.objects.filter(receiver_id=gone).exists()
    assert QuotaEntry.objects.count() == 2


def test_a_circle_is_of_the_touchs_own_group(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{**STEP, "audience": "core"}], groups=2)
    stand(made, "core", "periphery", "periphery")
    other = made.people[1][0]
    CircleSpell.objects.create(
        tenant=made.tenant, group=made.groups[0], customer=other, circle="core", from_day=date(2026, 3, 1)
    )
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.set(TEN)
    dispatch_due(tenant_id=made.tenant.pk)
    assert set(TouchRecipient.objects.values_list("customer", flat=True)) == {made.people[0][0].pk}


def test_the_estimate_counts_the_circle(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{**STEP, "audience": "engaged"}])
    stand(made, "core", "influence", "periphery")
    frozen.set(TEN)
    found = step_estimate(tenant=made.tenant, version=made.version, step=made.step, groups=made.groups)
    assert (found.people, found.reached, found.is_upper) == (2, 2, False)


def test_a_day_is_as_heavy_as_for_the_circle_that_gets_most(camp: Make) -> None:
    made = camp(steps=[{**STEP, "key": one, "audience": one} for one in CIRCLES_OF])
    steps = [one.to_plan() for one in made.version.steps.all()]
    assert load_by_day(steps)[1].messages == 2  # core, or influence, and what is for both
    assert set(CIRCLES_OF) <= set(Audience.values)
