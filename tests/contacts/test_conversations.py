"""Conversation, not broadcast: what both sides said is told apart from what was only sent (R35)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Exposure
from contacts.policies.conversations import Talk, talk_of
from contacts.selectors.conversations import spoken_with
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.contacts.test_views import body, sign_in
from tests.factories.contacts import make_behaviour, make_customer, make_follow
from tests.factories.groups import make_group, make_member
from tests.factories.team import make_staff
from wecom.archive import heard
from wecom.models import ArchivedMessage, ArchiveRoom

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MOMENTS = st.lists(st.integers(0, 24 * 20).map(lambda hours: NOW + timedelta(hours=hours)), max_size=10)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("theirs", "ours", "found"),
    [
        ([], [], Talk(0, 0, None)),
        ([], [0, 1], Talk(0, 2, None)),
        ([0], [], Talk(0, 0, None)),
        ([24], [0], Talk(1, 0, at(24))),
        ([24.01], [0], Talk(0, 1, None)),
        ([1, 50], [0, 2, 100], Talk(1, 1, at(2))),
        ([0, 50], [1, 51], Talk(2, 0, at(51))),
    ],
)
def test_both_sides_within_a_day_make_a_conversation(theirs, ours, found):
    assert talk_of([at(one) for one in theirs], [at(one) for one in ours]) == found


@given(MOMENTS, MOMENTS)
def test_no_message_of_staff_counts_twice_and_order_changes_nothing(theirs, ours):
    found = talk_of(theirs, ours)
    assert found == talk_of(reversed(theirs), reversed(ours))
    assert found.care <= len(ours)
    assert found.conversations <= min(len(theirs), len(ours))
    assert (found.last_at is None) == (found.conversations == 0)


def said(
    tenant: Tenant, app_id: int, sender: str, to: list[str], when: datetime, words: str, room: str = ""
) -> None:
    ArchivedMessage.objects.create(
        tenant=tenant, app_id=app_id, msgid=f"{sender}-{room}-{when.isoformat()}", action="send", msgtype="text",
        sender_id=sender, receiver_ids=to, room_id=room, sent_at=when, content={"content": words},
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.integration
def test_the_page_tells_the_last_conversation_apart_from_what_was_sent(
    tenant: Tenant, frozen: MovableClock
) -> None:
    now = frozen.moment
    with tenant_scope(tenant):
        person, staff = make_customer(tenant=tenant, name="林雪"), make_staff(tenant=tenant)
        make_follow(tenant=tenant, customer=person, staff=staff)
        group = make_group(tenant=tenant)
        make_member(group=group, customer=person)
        Exposure.objects.create(
            tenant=tenant,
            customer=person,
            touch_key="t1",
            at=now,
            local_date=now.date(),
            weight=1,
            channel="mass",
        )
        for seq, weight, days in ((0, 1, 40), (1, -1, 1)):  # given back: it reached nobody
            Exposure.objects.create(
                tenant=tenant, customer=person, touch_key="t2", seq=seq, at=now - timedelta(days=days),
                local_date=now.date(), weight=weight, channel="mass",
            )  # fmt: skip
        for seq, weight in ((0, 1), (1, -1)):
            Exposure.objects.create(
                tenant=tenant, customer=person, touch_key="t3", seq=seq, at=now, local_date=now.date(),
                weight=weight, channel="mass",
            )  # fmt: skip
    url, client = f"/t/{tenant.slug}/customers/{person.pk}/conversation/", sign_in(tenant)
    assert "nobody tells who wrote to whom" in body(client.get(url))
    with tenant_scope(tenant):
        app_id = person.app_id
        ArchiveRoom.objects.create(
            tenant=tenant, app_id=app_id, room_id=group.chat_id, messages=1, first_at=now, last_at=now
        )
        heard.mark(tenant.pk)  # as whoever stores messages does
        for days, words in ((1, "好的"), (9, "最近怎么样")):
            said(tenant, app_id, staff.userid, [person.external_userid], now - timedelta(days=days), words)
        said(tenant, app_id, staff.userid, ["wmSomebody"], now - timedelta(hours=2), "不是她")
        for words in ("@林雪 已经发你了", "大家好"):
            moment = now - timedelta(hours=len(words))
            said(tenant, app_id, staff.userid, [], moment, words, room=group.chat_id)
        make_behaviour(
            tenant=tenant,
            customer=person,
            staff=staff,
            kind="message",
            occurred_at=now - timedelta(days=1, hours=3),
        )
        found = spoken_with(customer=person, since=now - timedelta(days=30))
        assert found.talk == Talk(1, 1, now - timedelta(days=1))
        assert (found.named, found.broadcasts) == (1, 1)
        week = spoken_with(customer=person, since=now - timedelta(days=7))
        assert week.talk == Talk(1, 0, now - timedelta(days=1))
    assert "Last real conversation" in body(client.get(url))
    assert 'hx-trigger="load"' in body(client.get(f"/t/{tenant.slug}/customers/{person.pk}/"))
