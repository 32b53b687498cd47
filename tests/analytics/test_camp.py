"""The figures of a camp, and the people behind each of them."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.metrics import METRICS
from analytics.selectors.camps import camp_get, camp_rows, count_of, funnel, lift, order_days, tier_flow
from analytics.selectors.execution import execution_by, execution_total
from analytics.selectors.people import FIGURES, figure_people, people_of
from analytics.services.order_classes import order_classes_renew
from contacts.models import Exposure, Order
from contacts.services.identity import customers_merge
from groups.models import Member
from leads.models import Lead, Window
from sop.models import Step, Touch
from sop.selectors.execution import skip_reasons
from tenants.models import User
from tests.analytics.conftest import make_member
from tests.factories.contacts import make_customers
from tests.factories.leads import act, item, purchase_clicks

pytestmark = [pytest.mark.django_db, pytest.mark.integration]


def figures(tenant, run, at):
    return people_of(camp_get(tenant_id=tenant.pk, run_id=run.pk), at=at)


def stage(people, name):
    return next(one for one in funnel(people) if one.metric.key == name)


def test_person_in_two_groups_counts_once_and_staff_and_late_joiners_not(tenant, world, frozen):
    people = figures(tenant, world["run"], frozen.moment)
    assert (count_of(people, "cohort"), count_of(people, "late_joiners")) == (10, 1)
    assert stage(people, "retention").out_of == 10


@pytest.mark.parametrize("goes_on", [0, 1])
def test_person_with_two_records_counts_once_with_the_first_key_act_and_the_furthest_state(
    tenant, owner, world, frozen, goes_on
):
    first, second = world["people"][:2]
    start = frozen.moment - timedelta(days=3)
    act(
        tenant,
        item(first, "live", start + timedelta(hours=1)),
        item(second, "live", start + timedelta(days=3, hours=1)),
    )
    window = Window.objects.get(source_id=world["run"].pk)
    for person, state in ((first, "won"), (second, "unranked")):
        Lead.objects.update_or_create(
            tenant=tenant,
            window=window,
            customer=person,
            defaults={"state": state, "closed_at": frozen.moment},
        )
    pair = (first, second)
    customers_merge(
        tenant=tenant,
        goes_on_id=pair[goes_on].pk,
        other_id=pair[1 - goes_on].pk,
        reason="同一个人",
        actor=owner,
    )
    people = figures(tenant, world["run"], frozen.moment)
    found = next(one for one in people.everyone if one.customer_id == pair[goes_on].pk)
    assert (count_of(people, "cohort"), count_of(people, "activation.done")) == (9, 1)
    assert (found.key_at, found.state) == (start + timedelta(hours=1), "won")


def test_unknown_exposure_and_inviters_are_no_zero(tenant, world, frozen):
    people = figures(tenant, world["run"], frozen.moment)
    assert (stage(people, "acquisition").done, stage(people, "acquisition").rate) == (10, None)
    assert stage(people, "referral").done is None


def test_activation_counts_the_first_key_action_within_three_days_of_the_own_join(tenant, world, frozen):
    first, second, third = world["people"][:3]
    start = frozen.moment - timedelta(days=3)
    act(
        tenant,
        item(first, "live", start + timedelta(days=3)),
        item(second, "live", start + timedelta(days=3, seconds=1)),
        item(third, "lesson", start),
    )
    frozen.move(days=1)
    found = stage(figures(tenant, world["run"], frozen.moment), "activation")
    assert (found.done, found.growing, found.lost) == (1, 9, 0)
    assert found.median_s == 3 * 86400


def test_retention_needs_activity_of_seven_days_and_a_seat(tenant, world, frozen):
    active, gone, silent = world["people"][:3]
    act(tenant, *[item(one, "message", frozen.moment, text="好的") for one in (active, gone)])
    Member.objects.filter(customer=gone).update(left_at=frozen.moment)
    found = stage(figures(tenant, world["run"], frozen.moment), "retention")
    assert (found.done, found.growing, found.lost) == (1, 8, 1)
    frozen.move(days=7, seconds=1)
    assert stage(figures(tenant, world["run"], frozen.moment), "retention").done == 0
    assert silent


def test_referral_counts_inviters_of_customers_only(tenant, world, frozen):
    people, group = world["people"], world["groups"][0]
    guests = make_customers(tenant=tenant, count=2)
    make_member(tenant, group, guests[0], frozen.moment, invited_by=people[1].external_userid)
    make_member(tenant, group, guests[1], frozen.moment, invited_by=people[1].external_userid)
    Member.objects.create(
        tenant=tenant, group=group, userid="somebody-of-staff", is_staff=True, joined_at=frozen.moment,
        invited_by=people[2].external_userid,
    )  # fmt: skip
    assert stage(figures(tenant, world["run"], frozen.moment), "referral").done == 1


def test_revenue_counts_distinct_buyers_without_full_refunds(tenant, world, frozen):
    once, refunded, late = world["people"][0], world["people"][1], world["people"][10]
    act(
        tenant,
        item(once, "order", frozen.moment, fen=198000),
        item(refunded, "order", frozen.moment, fen=198000),
        item(late, "order", frozen.moment, fen=198000),
        item(world["people"][2], "pay_click", frozen.moment),
    )
    frozen.move(hours=1)
    act(tenant, item(refunded, "refund", frozen.moment))
    people = figures(tenant, world["run"], frozen.moment)
    found = stage(people, "revenue")
    assert (found.done, found.growing, found.lost) == (1, 1, 8)
    assert count_of(people, "revenue.late") == 1
    days = order_days(people.camp, zone=tenant.timezone, at=frozen.moment)
    assert days.total == 1
    told = lift(people)
    assert (told.rate, told.base_rate, told.verdict) == (0.1, 0.1, "unclear")


def test_tier_flow_puts_each_person_in_one_cell(tenant, world, frozen):
    riser, buyer, leaver = world["people"][:3]
    act(tenant, *purchase_clicks(riser, 3, frozen.moment), *purchase_clicks(buyer, 3, frozen.moment))
    frozen.move(hours=1)
    act(tenant, item(riser, "lesson", frozen.moment))
    frozen.move(days=7)
    act(tenant, item(riser, "pay_click", frozen.moment), item(buyer, "order", frozen.moment))
    Member.objects.filter(customer=leaver).update(left_at=frozen.moment)
    frozen.move(minutes=1)
    people = figures(tenant, world["run"], frozen.moment)
    flow = tier_flow(people)
    assert (flow.cells["A"]["A+"], flow.cells["A"]["won"], flow.cells[""]["left"], flow.total) == (
        1,
        1,
        1,
        10,
    )
    assert figure_people(people, "flow:A:won") == [buyer.pk]
    assert figure_people(people, "flow:-:left") == [leaver.pk]


def test_every_figure_equals_its_people(tenant, world, frozen):
    act(
        tenant,
        item(world["people"][0], "order", frozen.moment),
        item(world["people"][1], "pay_click", frozen.moment),
    )
    people = figures(tenant, world["run"], frozen.moment)
    for figure in FIGURES:
        assert len(figure_people(people, figure)) == count_of(people, figure), figure
    assert figure_people(people, "invented") is None


def test_every_link_of_the_camp_page_opens_as_many_people_as_it_says(client, tenant, world, frozen):
    act(
        tenant,
        item(world["people"][0], "order", frozen.moment),
        item(world["people"][1], "pay_click", frozen.moment),
    )
    client.force_login(User.objects.get(email="lin@example.com"))
    page = client.get(f"/t/{tenant.slug}/insights/camps/{world['run'].pk}/").content.decode()
    links = re.findall(r'href="(/t/[^"]+/insights/people/\?f=[^"]+)">([\d,]+)</a>', page)
    assert len(links) >= 12
    for url, number in links:
        opened = client.get(url)
        assert opened.context["count"] == int(number.replace(",", "")), url
        assert opened.context["table"].paginator.count == int(number)


def test_people_query_that_was_tampered_with_is_404(client, tenant, world):
    client.force_login(User.objects.get(email="lin@example.com"))
    assert client.get(f"/t/{tenant.slug}/insights/people/?f=abc").status_code == 404


def test_camp_of_another_tenant_is_404(client, tenant, other_tenant, world):
    world["scope"].close()
    client.force_login(User.objects.get(email="zhou@example.com"))
    assert client.get(f"/t/{other_tenant.slug}/insights/camps/{world['run'].pk}/").status_code == 404


def test_pages_need_at_most_25_queries(client, tenant, world):
    client.force_login(User.objects.get(email="lin@example.com"))
    for path in (
        "",
        f"camps/{world['run'].pk}/",
        f"camps/{world['run'].pk}/?order=aarrr",
        "execution/",
        "metrics/",
    ):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"/t/{tenant.slug}/insights/{path}").status_code == 200
        assert len([one for one in seen if "set_config" not in one["sql"]]) <= 25, path


def test_rarra_is_the_default_order_and_aarrr_the_other(tenant, world, frozen):
    people = figures(tenant, world["run"], frozen.moment)
    assert [one.metric.key for one in funnel(people)][:2] == ["retention", "activation"]
    assert [one.metric.key for one in funnel(people, order="aarrr")][:2] == ["acquisition", "activation"]


def test_camp_list_shows_the_same_buyers_as_the_camp(tenant, world, frozen):
    act(
        tenant,
        item(world["people"][0], "order", frozen.moment),
        item(world["people"][10], "order", frozen.moment),
    )
    frozen.move(minutes=1)
    row = camp_rows(tenant_id=tenant.pk, now=frozen.moment)[0]
    assert (row.cohort, row.late_joiners, row.buyers, row.conversion) == (10, 1, 1, 0.1)


def test_export_holds_the_figures_of_the_funnel(client, tenant, world):
    client.force_login(User.objects.get(email="lin@example.com"))
    answer = client.get(f"/t/{tenant.slug}/insights/camps/{world['run'].pk}/?export=csv")
    body = b"".join(answer.streaming_content if answer.streaming else [answer.content]).decode("utf-8-sig")
    assert len(body.strip().splitlines()) == 6


def _touch(tenant, world, state, *, at, step=None, **fields):
    step = step or Step.objects.get_or_create(
        tenant=tenant, version=world["version"], key="s1",
        defaults={"title": "早安", "channel": "group_forward", "content_type": "value", "day": 1, "at": "09:00"},
    )[0]  # fmt: skip
    return Touch.objects.create(
        tenant=tenant, run=world["run"], step=step, group=world["groups"][0], staff=world["staff"],
        occurrence=str(Touch.objects.count()), channel="group_forward", planned_at=at, due_at=at,
        window_ends_at=at + timedelta(hours=1), state=state, **fields,
    )  # fmt: skip


def test_execution_keeps_late_skipped_missed_and_unproved_apart(tenant, world, frozen):
    at = frozen.moment
    _touch(tenant, world, "confirmed", at=at, done_at=at + timedelta(minutes=5))
    _touch(tenant, world, "confirmed", at=at, done_at=at + timedelta(hours=2))
    _touch(tenant, world, "submitted", at=at)
    _touch(tenant, world, "skipped", at=at, reason="群里在处理投诉")
    _touch(tenant, world, "expired", at=at)
    _touch(tenant, world, "blocked", at=at, rule_code="CAP-01")
    _touch(tenant, world, "cancelled", at=at)
    frozen.move(hours=3)
    _touch(tenant, world, "handed", at=frozen.moment)
    for rows in execution_by(tenant_id=tenant.pk, run_id=world["run"].pk).values():
        (row,) = rows
        assert (row.due, row.done, row.late, row.unproved, row.skipped, row.missed, row.blocked) == (
            5,
            1,
            1,
            1,
            1,
            1,
            1,
        )
        assert row.rate == 0.2
        assert execution_total([row]).due == 5
    assert skip_reasons(tenant_id=tenant.pk) == [("群里在处理投诉", 1)]


def test_order_after_a_sales_push_is_prompted_and_before_one_active(tenant, world, frozen):
    asked_first, pushed_first = world["people"][:2]
    start = frozen.moment
    step = Step.objects.create(
        tenant=tenant, version=world["version"], key="sell", title="限时优惠", channel="group_forward",
        content_type="marketing", day=1, at="09:00", is_marketing=True,
    )  # fmt: skip
    touch = _touch(tenant, world, "confirmed", at=start, step=step)
    for person, minutes in ((asked_first, 30), (pushed_first, 0)):
        Exposure.objects.create(
            tenant=tenant, customer=person, touch_key=f"sop.touch:{touch.pk}", local_date=start.date(),
            at=start + timedelta(minutes=minutes), channel="group_forward",
        )  # fmt: skip
    for person in (asked_first, pushed_first):
        act(
            tenant,
            item(person, "message", start + timedelta(minutes=10), text="年课多少钱"),
            item(person, "order", start + timedelta(minutes=60), fen=198000),
        )
    order_classes_renew(tenant_id=tenant.pk, customer_ids=[asked_first.pk, pushed_first.pk])
    classes = dict(Order.objects.values_list("customer_id", "order_class"))
    assert classes == {asked_first.pk: "active", pushed_first.pk: "stimulated"}


def test_every_metric_has_a_whole_passport():
    for one in METRICS.values():
        for part in (
            one.label,
            one.definition,
            one.denominator,
            one.exclusions,
            one.time_rule,
            one.source,
            one.owner,
        ):
            assert str(part).strip(), one.key
