"""Every group beside WeCom's: what was lost is found, what is the same costs nothing."""

from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groups.models import Group, Member
from groups.services import comparing
from groups.services.membership_read import Same, membership_confirm
from groups.services.reading import group_reread
from simulator.world import groups as acts
from tests.groups.world import deliver, present, read_everything, statements
from wecom.models import LostChange

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_sync_reads_all_groups_ends_the_gone_and_counts_what_was_lost(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    other = vendor.group(at=frozen.moment, members=["wm000001"], name="小芽英语启蒙02群")
    ended = vendor.group(at=frozen.moment, members=["wm000002"], name="小芽英语启蒙03群")
    deliver([one for one in vendor.take_events() if one.fields["ChatId"] == ended])
    acts.dismiss(vendor.corp, chat_id=ended, at=frozen.moment.timestamp())
    vendor.take_events()
    lost = read_everything(vendor)
    assert lost == 3  # one departure, one group made, one dissolution
    assert Counter(LostChange.objects.values_list("kind", "subject_id", "count")) == Counter(
        [("members", camp, 1), ("made", other, 1), ("dissolved", ended, 1)]
    )
    assert present(camp) == vendor.present(camp)
    assert present(other) == vendor.present(other)
    assert Group.objects.get(chat_id=ended).dismissed_at == frozen.moment
    frozen.move(minutes=1)
    assert read_everything(vendor) == 0


def test_a_sync_that_was_cut_off_goes_on_where_it_stood(vendor, frozen, monkeypatch):
    for number in range(5):
        vendor.group(at=frozen.moment, name=f"小芽英语启蒙0{number}群")
    vendor.take_events()
    monkeypatch.setattr(comparing, "CHUNK", 2)
    began_at = frozen.moment
    answer = vendor.call

    def killed_at_fourth(name, **values):
        if vendor.calls.count("groupchat_get") == 3:
            raise KeyboardInterrupt
        return answer(name, **values)

    monkeypatch.setattr(vendor, "call", killed_at_fourth)
    with pytest.raises(KeyboardInterrupt):
        read_everything(vendor)
    monkeypatch.setattr(vendor, "call", answer)
    frozen.move(minutes=1)
    vendor.calls.clear()
    read_everything(vendor, began_at=began_at)
    assert vendor.calls == ["groupchat_list", "groupchat_get", "groupchat_get"]
    assert Group.objects.count() == 5


def test_a_group_that_is_the_same_is_not_written_but_fresh(vendor, camp, frozen):
    group_reread(tenant_id=vendor.app.tenant_id, app_id=vendor.app.pk, chat_id=camp)
    frozen.move(hours=5)
    Group.objects.filter(chat_id=camp).update(state="planning")
    before = Group.objects.get(chat_id=camp)
    with CaptureQueriesContext(connection) as queries:
        assert read_everything(vendor) == 0
    after = Group.objects.get(chat_id=camp)
    assert (after.synced_at, after.members_as_of, after.revision) == (
        frozen.moment, frozen.moment, before.revision,
    )  # fmt: skip
    assert [
        one for one in statements(queries) if "groups_member" in one and not one.startswith("SELECT")
    ] == []


def test_an_answer_we_know_does_not_hide_rows_that_are_not_what_it_says(vendor, camp, frozen):
    frozen.move(hours=5)
    Member.objects.filter(userid="wm000003").delete()
    assert read_everything(vendor) == 1
    assert present(camp) == vendor.present(camp)


def test_a_delta_makes_the_next_comparison_look_again(vendor, camp, frozen):
    vendor.leave(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    assert Group.objects.get(chat_id=camp).read_digest == ""
    frozen.move(minutes=5)
    assert read_everything(vendor) == 0
    group = Group.objects.get(chat_id=camp)
    assert (group.read_digest != "", group.members_as_of) == (True, frozen.moment)


def test_a_group_that_an_event_changed_meanwhile_is_not_called_fresh(vendor, camp, frozen):
    group = Group.objects.get(chat_id=camp)
    told = Same(group.pk, group.revision, group.read_digest, frozen.moment)
    vendor.leave(camp, ["wm000000"], frozen.moment)
    deliver(vendor.take_events())
    frozen.move(minutes=1)
    assert membership_confirm(tenant_id=group.tenant_id, same=[told]) == 0


def test_a_rename_nobody_told_is_found_and_named(vendor, camp, frozen):
    at = frozen.moment.timestamp()
    acts.rename(vendor.corp, chat_id=camp, name="改名了", at=at, now=at)
    vendor.take_events()
    frozen.move(hours=1)
    assert read_everything(vendor) == 1
    assert LostChange.objects.values_list("kind", "subject_id", "title").get() == ("about", camp, "改名了")
