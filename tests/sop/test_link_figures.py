"""Each link of a camp has its own figure, and the figure opens as many people (R42, R45)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client

from contacts.models import Customer
from sop.models import Run, RunGroup, Step, Touch
from sop.selectors.first_reply import first_reply
from sop.selectors.link_figures import link_figures, link_people
from sop.services.joins import joins_plan
from tenants import clock
from tenants.models import User
from tests.factories.contacts import make_behaviour, make_customers, make_order

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
DAY_2 = datetime(2026, 3, 3, 4, 0, tzinfo=UTC)


def counts(camp):
    return {one.name: (one.count, one.people) for one in link_figures(tenant=camp.tenant, run=camp.run)}


@pytest.fixture
def lived(camp):
    """Two groups of three, one person in both; the camp's key interaction is entering the live room."""
    made = camp(steps=[{"link": 1}], groups=2, people=3, key_interaction="live")
    (one, two, _three), (four, *_rest) = made.people
    tenant = made.tenant
    make_behaviour(tenant=tenant, customer=one, kind="message", occurred_at=DAY_2)
    make_behaviour(tenant=tenant, customer=one, kind="live", occurred_at=DAY_2)
    make_behaviour(tenant=tenant, customer=one, kind="live", occurred_at=DAY_2 + timedelta(hours=1))
    make_behaviour(tenant=tenant, customer=two, kind="purchase_click", occurred_at=DAY_2)
    make_behaviour(tenant=tenant, customer=four, kind="live", occurred_at=DAY_2 - timedelta(days=9))
    make_order(tenant=tenant, customer=two, ordered_at=DAY_2)
    return made


def test_what_people_did_in_the_camp_is_counted_once_each(lived):
    assert counts(lived) == {
        "wrote": (1, 6),
        "active": (2, 6),
        "key": (1, 6),
        "looked": (1, 6),
        "bought": (1, 6),
    }
    shown = {one.name: one.percent for one in link_figures(tenant=lived.tenant, run=lived.run)}
    assert shown["active"] == 33


def test_a_person_with_two_records_counts_once_with_what_either_did(lived):
    (one, _two, three), (four, _five, six) = lived.people
    Customer.objects.filter(pk=three.pk).update(person=one)  # both sit in the groups
    elsewhere = make_customers(tenant=lived.tenant, count=1)[0]  # stands for four, sits in none of the groups
    Customer.objects.filter(pk=four.pk).update(person=elsewhere)
    make_behaviour(tenant=lived.tenant, customer=three, kind="purchase_click", occurred_at=DAY_2)
    make_behaviour(tenant=lived.tenant, customer=four, kind="live", occurred_at=DAY_2)
    make_order(tenant=lived.tenant, customer=six, ordered_at=DAY_2)
    assert counts(lived) == {
        "wrote": (1, 5),
        "active": (3, 5),
        "key": (2, 5),
        "looked": (2, 5),
        "bought": (2, 5),
    }
    assert link_people(tenant=lived.tenant, run=lived.run, figure="key") == {one.pk, elsewhere.pk}


def test_the_first_minute_of_the_first_day_counts_and_a_payment_page_is_a_look(lived):
    (_one, _two, three), (_four, five, six) = lived.people
    begins = clock.day_bounds(lived.run.starts_on, lived.tenant.timezone)[0]
    make_behaviour(tenant=lived.tenant, customer=three, kind="pay_click", occurred_at=begins)
    make_behaviour(
        tenant=lived.tenant, customer=five, kind="pay_click", occurred_at=begins - timedelta(seconds=1)
    )
    make_behaviour(tenant=lived.tenant, customer=six, kind="message", occurred_at=begins + timedelta(hours=1))
    assert counts(lived)["looked"] == (2, 6)
    assert counts(lived)["wrote"] == (2, 6)
    assert three.pk in link_people(tenant=lived.tenant, run=lived.run, figure="looked")


def test_another_object_is_not_the_key_interaction(lived):
    Run.objects.update(key_interaction_object="room-7")
    lived.run.refresh_from_db()
    assert counts(lived)["key"] == (0, 6)


def test_without_a_key_interaction_nobody_can_tell(lived):
    Run.objects.update(key_interaction="")
    lived.run.refresh_from_db()
    assert counts(lived)["key"] == (None, 6)


def test_what_happens_after_the_last_day_does_not_count(lived):
    Run.objects.update(starts_on=date(2026, 2, 1))
    lived.run.refresh_from_db()
    assert {count for name, (count, _people) in counts(lived).items() if name != "wrote"} == {0}
    assert counts(lived)["wrote"] == (None, 6)  # no source of messages is connected: silence proves nothing


def test_links_are_named_only_where_the_camp_has_them(lived):
    assert all(one.link for one in link_figures(tenant=lived.tenant, run=lived.run))
    Step.objects.update(link=None)
    assert not any(one.link for one in link_figures(tenant=lived.tenant, run=lived.run))


def test_every_figure_opens_as_many_people(lived, client: Client):
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    where = f"/t/{lived.tenant.slug}/sop/runs/{lived.run.pk}"
    shown = client.get(f"{where}/links/", headers={"HX-Request": "true"}).content.decode()
    assert "3 Nurture" in shown
    assert "?figure=key" in shown
    for name, (count, _people) in counts(lived).items():
        ids = link_people(tenant=lived.tenant, run=lived.run, figure=name)
        assert len(ids) == count
        assert client.get(f"{where}/people/?figure={name}").status_code == 200
    assert client.get(f"{where}/people/?figure=nonsense").status_code == 404


def test_days_after_the_end_belong_to_the_run_and_a_group_that_was_taken_out_does_not(lived):
    Run.objects.update(days=1, after_days=1)
    lived.run.refresh_from_db()
    assert counts(lived)["key"] == (1, 6)  # on the second day, the one after the end
    Run.objects.update(after_days=0)
    lived.run.refresh_from_db()
    assert [counts(lived)[name] for name in ("key", "bought")] == [(0, 6), (0, 6)]
    RunGroup.objects.filter(group=lived.groups[0]).update(removed_at=DAY_2)
    assert counts(lived)["key"] == (0, 3)


def test_the_first_word_to_newcomers_is_timed_from_their_joining(camp, frozen, client: Client):
    steps = [
        {
            "key": "later",
            "anchor": "member_join",
            "offset_minutes": 60,
            "channel": "staff_task",
            "opens_talk": True,
        },
        {
            "key": "greet",
            "anchor": "member_join",
            "offset_minutes": 5,
            "channel": "staff_task",
            "opens_talk": True,
        },
    ]
    made = camp(steps=steps, people=4)
    group, people = made.groups[0], made.people[0]
    assert first_reply(tenant=made.tenant, run=made.run).joined == 0
    for number, minutes in enumerate((10, 20, 90, None)):
        joined_at = clock.now() + timedelta(hours=number)
        joins_plan(
            tenant_id=made.tenant.pk, group_id=group.pk, customer_ids=[people[number].pk], joined_at=joined_at
        )
        touch = Touch.objects.get(step__key="greet", recipients__customer=people[number])
        if minutes is not None:
            done_at = joined_at + timedelta(minutes=minutes)
            Touch.objects.filter(pk=touch.pk).update(state="submitted", done_at=done_at)
    told = first_reply(tenant=made.tenant, run=made.run)
    assert (told.step.key, told.joined, told.greeted, told.in_time, told.median_minutes) == (
        "greet",
        4,
        3,
        2,
        20,
    )
    User.objects.update(language="en")
    client.force_login(User.objects.get(email="lin@example.com"))
    where = f"/t/{made.tenant.slug}/sop/runs/{made.run.pk}/links/"
    page = client.get(where, headers={"HX-Request": "true"}).content.decode()
    assert "half within 20 min" in page
    assert f"run={made.run.pk}&amp;step=greet" in page


def test_a_camp_that_greets_nobody_has_no_first_word(lived):
    assert first_reply(tenant=lived.tenant, run=lived.run) is None
