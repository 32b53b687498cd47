"""What an SOP sends by itself answers nobody (R75), and no lead's waiting ends by it (R70)."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from contacts.models import Question
from leads.services import leads_recompute
from sop.enums import Channel
from sop.models import Touch, TouchRecipient
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_questions import ROOM, Talk
from tests.factories.leads import act, item, lead_of, make_camp
from tests.factories.sop import make_run, make_step, make_touch, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.integration]
OFFER = "年课 今晚截止，点这里"


@pytest.fixture
def talk(tenant: Tenant, frozen: MovableClock) -> Iterator[Talk]:
    with tenant_scope(tenant):
        yield Talk(tenant, frozen.moment)


def send(talk: Talk, channel: str, *people: int) -> Touch:
    """A touch of this channel with the offer's words, for these of the two people."""
    version = make_version(tenant=talk.tenant)
    step = make_step(tenant=talk.tenant, version=version, channel=channel)
    run = make_run(tenant=talk.tenant, version=version, groups=[talk.group])
    touch = make_touch(
        tenant=talk.tenant, run=run, step=step, group=talk.group, channel=channel, text=OFFER,
        planned_at=talk.start, staff=talk.staff,
    )  # fmt: skip
    for one in people:
        TouchRecipient.objects.create(
            tenant=talk.tenant, touch=touch, customer=talk.people[one], state="sent"
        )
    return touch


def is_answered(talk: Talk) -> bool:
    return Question.objects.get().replied_at is not None


@pytest.mark.parametrize(
    ("channel", "whom", "is_answer"),
    [
        (Channel.PRIVATE_MASS, 0, False),
        (Channel.PRIVATE_MASS, 1, True),  # the same words to another person: here a colleague wrote them
        (Channel.STAFF_TASK, 0, True),  # written by hand, to this person
        (Channel.GROUP_MASS, 0, True),  # what goes to the group is not said in private
    ],
)
def test_a_mass_send_in_private_is_no_answer_and_a_colleagues_own_message_is(
    talk: Talk, channel: str, whom: int, is_answer: bool
) -> None:
    send(talk, channel, whom)
    asked = talk.say(1, "wm1", "多少钱", room="", to="lin")
    talk.heard(asked, talk.say(5, "lin", OFFER.replace(" ", "\n"), room="", to="wm1"))
    assert is_answered(talk) is is_answer
    talk.heard(talk.say(9, "lin", "1980", room="", to="wm1"))
    assert is_answered(talk)


def test_a_post_in_the_group_answers_nobody_there_and_words_of_last_week_are_forgotten(talk: Talk) -> None:
    touch = send(talk, Channel.GROUP_FORWARD)
    talk.heard(talk.say(1, "wm1", "几点开始？"), talk.say(5, "lin", OFFER))
    assert not is_answered(talk)
    Touch.objects.filter(pk=touch.pk).update(planned_at=talk.start - timedelta(days=8))
    talk.heard(talk.say(6, "lin", OFFER))
    assert is_answered(talk)
    assert Question.objects.get().message_id
    assert talk.group.chat_id == ROOM


def test_a_mass_send_ends_no_leads_waiting_only_a_logged_follow_up_does(
    talk: Talk, owner: object, frozen: MovableClock
) -> None:
    person = talk.people[0]
    make_camp(tenant=talk.tenant, customers=[person])
    act(talk.tenant, item(person, "pay_click", frozen.moment))
    waits = lead_of(person)
    assert (waits.waiting_since, waits.sla_due_at) == (frozen.moment, frozen.moment + timedelta(minutes=30))
    send(talk, Channel.PRIVATE_MASS, 0)
    frozen.move(minutes=10)
    talk.heard(talk.say(8, "lin", OFFER, room="", to="wm1"))
    leads_recompute(tenant_id=talk.tenant.pk, customer_ids=[person.pk])
    after = lead_of(person)
    assert (after.waiting_since, after.sla_due_at) == (waits.waiting_since, waits.sla_due_at)
