"""Ads that members post in a group are counted every night and called out when customers write less (R26)."""

from datetime import timedelta

import pytest

from groups.enums import State
from groups.models import GroupFinding
from groups.services.night import groups_judge_night
from tenants import clock
from tests.factories.contacts import make_behaviour, make_customers
from tests.factories.groups import fill_group, make_ready_group
from tests.factories.wecom import make_app
from wecom.archive.models import ArchivedMessage, ArchiveRoom

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def group(scoped, frozen):
    """Heard, with two customers of whom one wrote in the week before and not since."""
    app, now = make_app(tenant=scoped), clock.now()
    ArchiveRoom.objects.create(
        tenant=scoped, app=app, room_id="wrads", messages=9, first_at=now - timedelta(days=30), last_at=now
    )
    made = make_ready_group(tenant=scoped, app=app, chat_id="wrads", state=State.ACTIVE)
    people = make_customers(tenant=scoped, count=2, app=app)
    fill_group(group=made, customers=people)
    made.people = people
    make_behaviour(
        tenant=scoped, customer=people[0], kind="message", group=made, occurred_at=now - timedelta(days=10)
    )
    return made


def post(group, senders):
    for number, sender in enumerate(senders):
        ArchivedMessage.objects.create(
            tenant=group.tenant, app=group.app, seq=number, msgid=f"m{number}", sent_at=clock.now() - timedelta(days=1),
            msgtype="link", room_id=group.chat_id, sender_id=sender, content={}, action="send",
        )  # fmt: skip


def found(group):
    rows = GroupFinding.objects.filter(group=group, code="AD-02")
    return rows.values_list("evidence", flat=True).first()


def test_the_night_counts_what_members_post_and_not_what_staff_post(scoped, frozen, group):
    staff = group.members.filter(is_staff=True).first().userid
    customer = group.people[1].external_userid
    post(group, [customer] * 6 + [staff] * 9)
    frozen.move(hours=24)
    groups_judge_night(tenant_id=scoped.pk)
    assert found(group) == {"ads": 6, "spoken": 0, "before": 1}


def test_few_ads_and_a_group_that_talks_more_are_left_alone(scoped, frozen, group):
    customer = group.people[1].external_userid
    post(group, [customer] * 5)
    frozen.move(hours=24)
    groups_judge_night(tenant_id=scoped.pk)
    assert found(group) is None
    ArchivedMessage.objects.create(
        tenant=scoped, app=group.app, seq=99, msgid="m99", sent_at=clock.now(), msgtype="card",
        room_id=group.chat_id, sender_id=customer, content={}, action="send",
    )  # fmt: skip
    for hours in (1, 2):
        make_behaviour(
            tenant=scoped, customer=group.people[0], kind="message", group=group,
            occurred_at=clock.now() - timedelta(hours=hours),
        )  # fmt: skip
    frozen.move(hours=24)
    groups_judge_night(tenant_id=scoped.pk)
    assert found(group) is None
