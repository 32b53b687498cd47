"""The pulse: one tap on the phone, once a person, changeable until the day ends; figures with their people."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core import signing
from django.test import Client

from contacts.models import Customer
from content.models import RadarLink
from content.views.visitors import IDENTITY_SALT
from sop.enums import TouchState
from sop.models import PulseAnswer, Touch
from sop.selectors.pulses import pulses_of_run, question_of
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.pulses import pulse_answer
from tenants import clock
from tenants.models import User
from tests.conftest import MovableClock
from tests.factories.contacts import make_customers
from tests.factories.groups import make_member
from tests.sop.conftest import Camp

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
AT_10 = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
ASKS = {"key": "打分", "title": "昨晚的开营怎么样", "kind": "pulse", "url": ""}


@pytest.fixture
def asked(camp: Callable[..., Camp], frozen: MovableClock) -> Camp:
    """The opening was at 09:30, and at 10:00 its question was sent to a group of three."""
    made = camp(
        steps=[
            {"at": time(9, 30), "key": "opening", "title": "开营仪式", "mark": "first", "priority": 1},
            {"at": time(10, 0), "key": "ask", "title": "打分", "text": "点一下 {链接:打分}", "links": [ASKS]},
        ],
        people=3,
    )
    frozen.set(AT_10)
    plan_apply(tenant=made.tenant, run=made.run)
    dispatch_due(tenant_id=made.tenant.pk)
    Touch.objects.update(state=TouchState.CONFIRMED, done_at=clock.now())
    return made


@pytest.fixture
def phone(asked: Camp) -> Callable[..., Any]:
    """phone(customer, post=...): the question as that person sees it in WeChat; None for a stranger."""

    def ask(customer: Customer | None, post: dict[str, Any] | None = None, path: str = "/r/p/") -> Any:
        client = Client()
        app = asked.groups[0].app
        assert app is not None
        if customer is not None:
            told = {
                "external": customer.external_userid, "staff": "",
                "until": (clock.now() + timedelta(days=1)).isoformat(),
            }  # fmt: skip
            client.cookies[f"qr_{app.pk}"] = signing.dumps(told, salt=f"{IDENTITY_SALT}.{app.pk}")
        url = f"{path}{RadarLink.objects.get(kind='pulse').token}"
        return client.get(url) if post is None else client.post(url, post)

    return ask


def test_the_link_in_the_message_leads_to_the_question_and_one_tap_answers_it(
    asked: Camp, phone: Callable[..., Any]
) -> None:
    first = asked.people[0][0]
    assert "/r/" in Touch.objects.get(step__key="ask").text
    sent_on = phone(first, path="/r/")
    assert sent_on.headers["Location"] == f"/r/p/{RadarLink.objects.get(kind='pulse').token}"
    page = phone(first).content.decode()
    assert "昨晚的开营怎么样" in page
    assert page.count('name="score"') == 5
    assert phone(first, {"score": "4"}).status_code == 200
    assert phone(first, {"score": "2", "said": "太长了"}).status_code == 200
    row = PulseAnswer.objects.get()
    assert (row.customer_id, row.score, row.said, row.step_key) == (first.pk, 2, "太长了", "ask")
    assert phone(first, {"score": "9"}).status_code == 422
    assert PulseAnswer.objects.get().score == 2


def test_an_answer_changes_until_its_day_ends_and_no_longer(
    asked: Camp, phone: Callable[..., Any], frozen: MovableClock
) -> None:
    first = asked.people[0][0]
    phone(first, {"score": "4"})
    frozen.set(datetime(2026, 3, 2, 15, 59, tzinfo=UTC))
    assert phone(first, {"score": "5"}).status_code == 200
    frozen.set(datetime(2026, 3, 2, 16, 0, tzinfo=UTC))
    assert phone(first, {"score": "1"}).status_code == 409
    assert PulseAnswer.objects.get().score == 5
    frozen.set(AT_10 + timedelta(days=8))
    assert phone(asked.people[0][1], {"score": "3"}).status_code == 409
    assert PulseAnswer.objects.count() == 1


def test_only_members_of_the_group_whom_wecom_names_answer_and_a_person_once(
    asked: Camp, phone: Callable[..., Any]
) -> None:
    (outside,) = make_customers(tenant=asked.tenant, count=1, app=asked.groups[0].app)
    assert phone(outside, {"score": "5"}).status_code == 409
    assert phone(None, {"score": "5"}).status_code == 200
    assert not PulseAnswer.objects.exists()
    first, second, _third = asked.people[0]
    Customer.objects.filter(pk=second.pk).update(person=first)
    phone(first, {"score": "5"})
    phone(Customer.objects.get(pk=second.pk), {"score": "1"})
    assert PulseAnswer.objects.get().score == 1


def test_the_results_stand_beside_the_mark_with_their_share_and_people(
    asked: Camp, phone: Callable[..., Any], client: Client
) -> None:
    first, second, _third = asked.people[0]
    phone(first, {"score": "5"})
    phone(second, {"score": "2", "said": "太长"})
    (pulse,) = pulses_of_run(tenant=asked.tenant, run=asked.run)
    assert (pulse.mark, pulse.about, pulse.asked, pulse.answered) == ("first", "开营仪式", 3, 2)
    assert (pulse.average, [n for _score, _word, n in pulse.scores]) == (3.5, [1, 0, 0, 1, 0])
    client.force_login(User.objects.get(email="lin@example.com"))
    User.objects.update(language="en")
    base = f"/t/{asked.tenant.slug}/sop/runs/{asked.run.pk}"
    results = client.get(f"{base}/results/").content.decode()
    assert f"{base}/pulse/?step=ask&amp;score=2" in results
    behind = client.get(f"{base}/pulse/?step=ask&score=2").content.decode()
    assert second.name in behind
    assert "太长" in behind
    assert first.name not in behind
    assert client.get(f"{base}/pulse/?step=opening").status_code == 404


def test_each_groups_week_begins_when_it_was_asked_and_only_what_was_sent_asks(
    camp: Callable[..., Camp], frozen: MovableClock
) -> None:
    """The question is about the nearest marked step before it."""
    made = camp(
        steps=[
            {"at": time(9, 0), "key": "opening", "title": "开营仪式", "mark": "first"},
            {"at": time(9, 30), "key": "peak", "title": "分享班会", "mark": "peak"},
            {"at": time(10, 0), "key": "ask", "title": "打分", "text": "点一下 {链接:打分}", "links": [ASKS]},
        ],
        groups=2,
    )  # fmt: skip
    frozen.set(AT_10)
    plan_apply(tenant=made.tenant, run=made.run)
    dispatch_due(tenant_id=made.tenant.pk)
    one, two = Touch.objects.filter(step__key="ask").order_by("group")
    Touch.objects.filter(pk=one.pk).update(state=TouchState.CONFIRMED, done_at=clock.now())
    later = AT_10 + timedelta(days=3)
    Touch.objects.filter(pk=two.pk).update(handed_at=later, state=TouchState.SKIPPED, done_at=later)
    for touch, at in ((one, one.handed_at), (two, later)):
        link = RadarLink.objects.get(kind="pulse", group=touch.group)
        question = question_of(tenant=made.tenant, token=link.token)
        assert question is not None
        assert question.asked_at == at
    (pulse,) = pulses_of_run(tenant=made.tenant, run=made.run)
    assert (pulse.mark, pulse.about, pulse.asked) == ("peak", "分享班会", 3)


def test_the_last_moment_of_the_week_counts_a_sentence_stays_and_any_record_in_the_group_will_do(
    asked: Camp, phone: Callable[..., Any], frozen: MovableClock
) -> None:
    first, second, third = asked.people[0]
    (outside,) = make_customers(tenant=asked.tenant, count=1, app=asked.groups[0].app)
    Customer.objects.filter(pk=second.pk).update(person=outside)
    handed_at = Touch.objects.get(step__key="ask").handed_at
    assert handed_at is not None
    frozen.set(handed_at + timedelta(days=7))
    assert phone(outside, {"score": "3", "said": "挺好"}).status_code == 200
    assert phone(first, {"score": "5"}).status_code == 200
    (question,) = {question_of(tenant=asked.tenant, token=RadarLink.objects.get(kind="pulse").token)}
    assert question is not None
    pulse_answer(tenant=asked.tenant, question=question, customer=outside, score=4)
    assert PulseAnswer.objects.values_list("score", "said").get(customer=outside) == (4, "挺好")
    (pulse,) = pulses_of_run(tenant=asked.tenant, run=asked.run)
    assert (pulse.asked, pulse.answered) == (3, 2)  # whoever has two records is one of the three
    frozen.move(seconds=1)
    assert phone(third, {"score": "5"}).status_code == 409


def test_who_answers_without_having_been_reached_was_asked_too(
    asked: Camp, phone: Callable[..., Any]
) -> None:
    (late,) = make_customers(tenant=asked.tenant, count=1, app=asked.groups[0].app)
    make_member(group=asked.groups[0], customer=late, joined_at=clock.now())
    assert phone(late, {"score": "5"}).status_code == 200
    (pulse,) = pulses_of_run(tenant=asked.tenant, run=asked.run)
    assert (pulse.asked, pulse.answered) == (4, 1)
