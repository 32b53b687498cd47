"""Edges of norms, thanks and their balance that a fault could move unseen: each was seen to fail (R130)."""

from datetime import timedelta

import pytest

from contacts.services.identity import customers_merge
from groups.errors import NormInvalid
from groups.models import Group, HelperTask, Koc, Norm, NormVoice, Thanks
from groups.selectors.culture import norm_list, role_holders, thanks_ideas
from groups.services.norms import norm_ask, norm_drop, norm_voices_tell
from groups.services.thanks import culture_bring_up, thanks_drop, thanks_settle
from tenants import clock
from tenants.audit import SYSTEM
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group
from tests.groups.test_culture import (
    asked,
    audited,
    breach,
    hear,
    item,
    make_scene,
    noted,
    said,
    thank,
)
from tests.groups.test_incident_signals import archive
from wecom.archive.models import ArchiveRoom

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def scene(scoped):
    return make_scene(scoped)


def tell(scene, row, numbers, *, is_yes=True):
    ids = [scene["people"][one].pk for one in numbers]
    return norm_voices_tell(
        tenant=scene["tenant"], norm_id=row.pk, customer_ids=ids, is_yes=is_yes, actor=SYSTEM
    )


def drop(scene, row):
    return norm_drop(tenant=scene["tenant"], norm_id=row.pk, reason="大家想改时间", actor=SYSTEM)


def helper(scene, person=1, **more):
    fields = {"state": "helper", "origin": "grown"} | more
    return Koc.objects.create(
        tenant=scene["tenant"], group=scene["group"], customer=scene["people"][person], **fields
    )


class TestAsking:
    def test_asked_again_while_it_is_asked_changes_nothing(self, scene, frozen):
        row = asked(scene)
        frozen.move(hours=1)
        again = norm_ask(tenant=scene["tenant"], norm_id=row.pk, actor=SYSTEM)
        assert (again.asked_at, again.until, audited("groups.norm.asked")) == (row.asked_at, row.until, 1)

    def test_what_is_agreed_is_not_asked_again(self, scene):
        row = tell(scene, asked(scene), range(5))
        with pytest.raises(NormInvalid):
            norm_ask(tenant=scene["tenant"], norm_id=row.pk, actor=SYSTEM)
        assert Norm.objects.get(pk=row.pk).state == "agreed"

    def test_what_was_dropped_is_proposed_anew_and_then_not_taken_up_beside_itself(self, scene):
        row = asked(scene)
        assert item("groups.norm").state == "open"
        drop(scene, row)
        assert item("groups.norm").state == "cancelled"  # nobody is asked any more
        with pytest.raises(NormInvalid):
            tell(scene, row, [0])
        fresh = noted(scene)
        assert (fresh.pk != row.pk, fresh.state) == (True, "proposed")
        with pytest.raises(NormInvalid):
            norm_ask(tenant=scene["tenant"], norm_id=row.pk, actor=SYSTEM)

    def test_an_older_word_that_arrives_late_does_not_undo_the_newer_one(self, scene, frozen):
        row = asked(scene)
        frozen.move(hours=1)
        tell(scene, row, [0], is_yes=False)
        hear(said(scene, (-30, 0, "同意")))
        assert NormVoice.objects.get(norm=row).is_yes is False

    def test_who_spoke_three_weeks_ago_does_not_make_a_group_busy(self, scene):
        group = scene["group"]
        more = make_customers(tenant=scene["tenant"], count=61)
        fill_group(group=group, customers=more)
        ArchiveRoom.objects.create(
            tenant=scene["tenant"], app=group.app, room_id=group.chat_id, first_at=clock.now(),
            last_at=clock.now(),
        )  # fmt: skip
        weeks = 21 * 24 * 60
        archive(group, *[(weeks + n, one.external_userid, "早") for n, one in enumerate(more)])
        archive(group, (60, scene["people"][0].external_userid, "早"))
        row = asked(scene)
        assert (row.spoke, row.needed) == (1, 5)

    def test_who_says_yes_and_no_by_two_records_counts_by_neither(self, scene, owner):
        row = asked(scene)
        tell(scene, row, [0])
        tell(scene, row, [1], is_yes=False)
        here, other = scene["people"][:2]
        customers_merge(
            tenant=scene["tenant"], goes_on_id=here.pk, other_id=other.pk, reason="同一人", actor=owner
        )
        (shown,) = norm_list(group=scene["group"])
        assert (shown.yes, shown.no) == (0, 0)


class TestThanking:
    def test_not_said_after_all_nobody_said_it_at_any_time(self, scene):
        row = thank(scene, is_said=True)
        thanks_settle(tenant=scene["tenant"], thanks_id=row.pk, is_said=False, actor=SYSTEM)
        row = Thanks.objects.get()
        assert (row.said_at, row.said_by) == (None, "")

    def test_a_task_of_last_month_and_a_norm_that_is_kept_no_more_are_no_deeds(self, scene, frozen):
        HelperTask.objects.create(
            tenant=scene["tenant"], koc=helper(scene), title="迎新", done_at=clock.now() - timedelta(days=31)
        )
        row = tell(scene, asked(scene), range(5))
        assert [one.reason for one in thanks_ideas(group=scene["group"])] == ["idea"]
        drop(scene, row)
        assert thanks_ideas(group=scene["group"]) == []

    def test_thanks_that_were_dropped_leave_the_deed_unthanked(self, scene):
        HelperTask.objects.create(
            tenant=scene["tenant"], koc=helper(scene), title="迎新", done_at=clock.now() - timedelta(hours=1)
        )
        row = thank(scene, 1)
        assert thanks_ideas(group=scene["group"]) == []
        thanks_drop(tenant=scene["tenant"], thanks_id=row.pk, actor=SYSTEM)
        assert [one.reason for one in thanks_ideas(group=scene["group"])] == ["help"]

    def test_what_closed_by_itself_comes_up_again_at_once(self, scene):
        breach(scene)
        culture_bring_up(tenant=scene["tenant"])
        row = thank(scene, is_said=True)
        culture_bring_up(tenant=scene["tenant"])
        assert item("groups.culture").state == "done"
        thanks_settle(tenant=scene["tenant"], thanks_id=row.pk, is_said=False, actor=SYSTEM)
        assert culture_bring_up(tenant=scene["tenant"]) == 1
        assert item("groups.culture").state == "open"

    @pytest.mark.parametrize("change", [{"frozen_at": True}, {"state": "archived"}])
    def test_a_group_that_is_frozen_or_over_is_asked_nothing(self, scene, change):
        breach(scene)
        fields = {**change, **({"frozen_at": clock.now()} if "frozen_at" in change else {})}
        Group.objects.filter(pk=scene["group"].pk).update(**fields)
        assert culture_bring_up(tenant=scene["tenant"]) == 0

    def test_a_role_is_held_by_helpers_alone(self, scene):
        holds, left = helper(scene, 1, role="greeter"), helper(scene, 2, role="greeter", state="ended")
        shown = [one.pk for _role, some in role_holders(group=scene["group"]) for one in some]
        assert (shown, left.pk in shown) == ([holds.pk], False)
