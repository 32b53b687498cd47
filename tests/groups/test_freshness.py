"""How old what we know of a group is: after events, reads and comparisons, and when callbacks are broken."""

from datetime import timedelta

import pytest

from groups.handlers import on_external_chat, sync_groups
from groups.models import Group
from groups.policies.freshness import stamp_of
from tenants import clock
from tenants.models import User
from wecom.models import App, LostChange
from wecom.reading.sync import Progress

NOW = clock.now()


def stamp(**given):
    usual = {"is_linked": True, "as_of": NOW, "dismissed_at": None, "now": NOW, "callbacks_bad": False}
    return stamp_of(**{**usual, **given})


@pytest.mark.parametrize(
    ("given", "state", "tone"),
    [
        ({}, "fresh", ""),
        ({"as_of": NOW - timedelta(hours=25)}, "fresh", ""),  # the last night's comparison
        ({"as_of": NOW - timedelta(hours=27)}, "old", "warn"),
        ({"callbacks_bad": True}, "doubtful", "warn"),
        ({"as_of": None}, "unread", ""),
        ({"is_linked": False}, "unread", ""),
        ({"dismissed_at": NOW, "callbacks_bad": True}, "ended", ""),
    ],
)
def test_the_stamp_says_what_is_to_be_thought_of_the_data(given, state, tone):
    assert (stamp(**given).state, stamp(**given).tone) == (state, tone)


@pytest.fixture
def camp(vendor, frozen):
    App.objects.update(verified_at=frozen.moment)
    chat_id = vendor.group(at=frozen.moment, members=vendor.add_customers(5))
    for event in vendor.take_events():
        on_external_chat(event)
    return chat_id


@pytest.fixture
def signed_in(client, camp):
    client.force_login(User.objects.get(email="lin@example.com"))
    client.cookies["qunce_language"] = "en"
    return client


def pages(client, tenant, camp):
    group = Group.objects.get(chat_id=camp)
    listed = client.get(f"/t/{tenant.slug}/groups/").content.decode()
    return listed, client.get(f"/t/{tenant.slug}/groups/{group.pk}/").content.decode()


AGES = {0: ("just now", "刚刚"), 4: ("4 min ago", "4 分钟前")}


def says(text, minutes):
    return any(word in text for word in AGES[minutes])


@pytest.mark.integration
@pytest.mark.django_db
def test_the_age_follows_events_and_comparisons_on_list_and_page(vendor, scoped, camp, frozen, signed_in):
    frozen.move(minutes=4)
    assert all(says(text, 4) for text in pages(signed_in, scoped, camp))
    vendor.leave(camp, ["wm000000"], frozen.moment)
    for event in vendor.take_events():
        on_external_chat(event)  # a delta
    assert all(says(text, 0) for text in pages(signed_in, scoped, camp))
    frozen.move(minutes=4)
    sync_groups(scoped.pk, Progress(tenant_id=scoped.pk, what="groups"))  # a full read
    frozen.move(minutes=4)
    assert all(says(text, 4) for text in pages(signed_in, scoped, camp))
    sync_groups(scoped.pk, Progress(tenant_id=scoped.pk, what="groups"))  # nothing differed
    assert all(says(text, 0) for text in pages(signed_in, scoped, camp))


@pytest.mark.integration
@pytest.mark.django_db
def test_broken_callbacks_are_said_plainly_and_what_was_missed_is_shown(scoped, camp, frozen, signed_in):
    assert not any('role="alert"' in text for text in pages(signed_in, scoped, camp))
    LostChange.objects.create(
        tenant=scoped, what="groups", subject_id=camp, kind="members", count=7, found_at=frozen.moment
    )
    listed, detail = pages(signed_in, scoped, camp)
    for text in (listed, detail):
        assert 'role="alert"' in text
        assert "q-warn" in text
    assert any(word in detail for word in ("7 changes", "7 处变化", "7 项变化", "7 次变化"))
