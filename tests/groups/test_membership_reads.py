"""When a group is read whole after events: lag, bursts, other workers."""

from collections import Counter
from datetime import timedelta

import pytest

from groups.models import Group, Member
from groups.services import reading
from groups.services.glance import REFRESH_TASK
from groups.services.membership_read import membership_apply_read
from groups.services.reading import group_reread
from groups.tasks import refresh_glances, reread_chat
from tests.groups.world import behaviours, deliver, present, tasks_asked

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_details_that_lag_are_read_again_later(vendor, camp, frozen, django_capture_on_commit_callbacks):
    vendor.corp.faults.group_lag_s = 5
    (person,) = vendor.add_customers(1)
    vendor.join(camp, [person], frozen.moment)
    with django_capture_on_commit_callbacks() as callbacks:
        deliver(vendor.take_events())
    assert person not in present(camp)
    calls = [one.args for one in callbacks if one.args[0] == reading.REREAD_TASK]
    assert [(call[1]["wanted_version"], call[2]) for call in calls] == [
        (vendor.corp.groups[camp].member_version, reading.LAG_PAUSES_S[0])
    ]
    frozen.move(seconds=6)
    reread_chat.run(**calls[0][1])
    assert present(camp) == vendor.present(camp)
    assert behaviours() == Counter({("join", person): 1})


def test_rereading_gives_up_after_the_last_pause(vendor, camp, django_capture_on_commit_callbacks):
    app = vendor.app
    with django_capture_on_commit_callbacks() as callbacks:
        group_reread(
            tenant_id=app.tenant_id, app_id=app.pk, chat_id=camp, wanted_version="never",
            attempt=len(reading.LAG_PAUSES_S) - 1,
        )  # fmt: skip
    assert [one for one in callbacks if one.args[0] == reading.REREAD_TASK] == []


def test_deltas_of_a_burst_are_confirmed_by_one_read(
    vendor, camp, frozen, django_capture_on_commit_callbacks
):
    for number in range(3):
        frozen.move(seconds=1)
        vendor.leave(camp, [f"wm00000{number}"], frozen.moment)
    with django_capture_on_commit_callbacks() as callbacks:
        deliver(vendor.take_events())
    assert len([one for one in callbacks if one.args[0] == reading.REREAD_TASK]) == 1


def test_a_burst_of_unknown_people_is_read_and_judged_once(
    vendor, camp, frozen, django_capture_on_commit_callbacks
):
    refresh_glances.run(tenant_id=vendor.app.tenant_id, group_ids=[Group.objects.get(chat_id=camp).pk])
    people = vendor.add_customers(5)
    start = frozen.moment
    for person in people:
        frozen.move(seconds=1)
        vendor.join(camp, [person], frozen.moment)
    frozen.move(seconds=1)
    with django_capture_on_commit_callbacks() as callbacks:
        deliver(vendor.take_events())
    assert vendor.calls == ["groupchat_get"]
    asked = [name for name, _given, _pause in tasks_asked(callbacks)]
    assert [one for one in asked if one.startswith("groups.")] == [REFRESH_TASK]
    assert behaviours() == Counter({("join", person): 1 for person in people})
    joined = (
        Member.objects.filter(userid__in=people).order_by("joined_at").values_list("joined_at", flat=True)
    )
    assert list(joined) == [start + timedelta(seconds=number) for number in range(1, 6)]


def test_a_state_just_read_needs_no_confirming(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    wanted = {"tenant_id": vendor.app.tenant_id, "app_id": vendor.app.pk, "chat_id": camp}
    frozen.move(seconds=10)
    group_reread(**wanted)
    group_reread(**wanted)
    assert vendor.calls == ["groupchat_get"]


def test_a_read_that_another_worker_overtook_is_not_written(vendor, camp, frozen):
    group = Group.objects.get(chat_id=camp)
    seen = reading.wire.group_of(vendor.call("groupchat_get", chat_id=camp))
    vendor.leave(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    answer = membership_apply_read(
        tenant_id=group.tenant_id, app_id=vendor.app.pk, seen=seen, read_at=frozen.moment,
        base_revision=group.revision,
    )  # fmt: skip
    assert answer is None
    assert present(camp) == vendor.present(camp)
