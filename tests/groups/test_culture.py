"""Norms that members make, thanks, and both beside sanctions: services, chat, Today, erasure (R130)."""

import random
from datetime import timedelta

import pytest

from contacts.services.identity import customers_merge
from contacts.services.personal import erasure_ask, erasure_run
from groups.errors import NormBusy, NormInvalid, ReasonNeeded, ThanksInvalid, ViolationInvalid
from groups.handlers import on_messages_archived
from groups.models import CircleSpell, Group, HelperTask, Koc, Member, Norm, NormVoice, Thanks, Violation
from groups.selectors.culture import balance_of, norm_list, people_of_culture, thanks_ideas
from groups.selectors.violations import norms_agreed, standing
from groups.services.koc import koc_edit
from groups.services.norms import norm_add, norm_ask, norm_drop, norm_voices_tell, norms_tell
from groups.services.setup import group_edit_plan
from groups.services.thanks import culture_bring_up, thanks_drop, thanks_settle, thanks_write
from groups.services.violations import step_proposed, violation_record, violation_undo
from team.models import WorkItem
from team.services import work_item_act
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import AuditEntry
from tests.factories.contacts import make_customers
from tests.factories.groups import fill_group, make_group
from tests.factories.team import make_staff
from tests.groups.test_incident_signals import archive
from wecom.archive.models import ArchiveRoom

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]
TEXT = "晚上十点后不发语音"


def make_scene(scoped):
    """A group of eight members and its owner."""
    owner = make_staff(tenant=scoped, userid="zhoulan")
    group = make_group(
        tenant=scoped, owner=owner, owner_userid="zhoulan", state="active", welcome="欢迎进群。"
    )
    people = make_customers(tenant=scoped, count=8)
    fill_group(group=group, customers=people, staff=[owner])
    return {"tenant": scoped, "group": group, "people": people, "owner": owner}


@pytest.fixture
def scene(scoped):
    return make_scene(scoped)


def noted(scene, text=TEXT, person=0):
    return norm_add(
        tenant=scene["tenant"], group_id=scene["group"].pk, customer_id=scene["people"][person].pk, text=text,
        said="夜里听语音太吵了", actor=SYSTEM,
    )  # fmt: skip


def asked(scene, text=TEXT):
    row = noted(scene, text)
    return norm_ask(tenant=scene["tenant"], norm_id=row.pk, actor=SYSTEM)


def hear(event):
    on_messages_archived(tenant_id=event.tenant_id, events=[event])


def said(scene, *lines):
    """(minutes from now, who by number, text), as the archive brings them."""
    people = scene["people"]
    return archive(scene["group"], *[(-at, people[who].external_userid, text) for at, who, text in lines])


def thank(scene, person=0, reason="help", **more):
    return thanks_write(
        tenant=scene["tenant"], group_id=scene["group"].pk, customer_id=scene["people"][person].pk, reason=reason,
        words="谢谢你", actor=SYSTEM, **more,
    )  # fmt: skip


def breach(scene, person=0, rule="不发无关广告和链接", **more):
    return violation_record(
        tenant=scene["tenant"], group_id=scene["group"].pk, userid=scene["people"][person].external_userid,
        rule=rule, evidence="加我领红包", actor=SYSTEM, **more,
    )  # fmt: skip


def item(kind):
    return WorkItem.objects.get(source_kind=kind)


def audited(verb):
    return AuditEntry.objects.filter(verb=verb).count()


class TestNorms:
    def test_a_member_proposes_once_and_nobody_from_outside(self, scene):
        assert noted(scene).pk == noted(scene, f"  {TEXT} ").pk
        assert audited("groups.norm.proposed") == 1
        stranger = make_customers(tenant=scene["tenant"], count=1)[0]
        common = {"tenant": scene["tenant"], "group_id": scene["group"].pk, "actor": SYSTEM}
        for wrong in (
            {"customer_id": stranger.pk, "text": TEXT}, {"customer_id": scene["people"][0].pk, "text": "  "},
            {"customer_id": scene["people"][0].pk, "text": "长" * 121},
        ):  # fmt: skip
            with pytest.raises(NormInvalid):
                norm_add(**common, **wrong)

    def test_the_owner_gets_the_words_and_the_members_answers_in_the_chat_decide(self, scene, frozen):
        row = asked(scene)
        task = item("groups.norm")
        assert (task.staff, task.bucket, TEXT in task.script) == (scene["owner"], "remind", True)
        assert (row.needed, row.spoke) == (5, None)
        frozen.move(hours=1)
        hear(said(scene, *[(-30, n, "同意") for n in range(4)], (-29, 5, "今天作业交了"), (-28, 6, "反对")))
        assert [(one.state, one.yes, one.no) for one in norm_list(group=scene["group"])] == [("asked", 4, 1)]
        hear(archive(scene["group"], (5, "zhoulan", "同意")))  # a colleague never counts
        hear(said(scene, (-3, 7, "+1")))
        assert [(one.state, one.yes, one.no) for one in norm_list(group=scene["group"])] == [("agreed", 5, 1)]
        task.refresh_from_db()
        assert (task.state, audited("groups.norm.agreed")) == ("done", 1)
        assert people_of_culture(scene["group"], f"culture-no-{row.pk}") == {scene["people"][6].pk}

    def test_in_any_order_and_twice_the_last_word_of_each_counts(self, scene, frozen):
        row = asked(scene)
        frozen.move(hours=2)
        lines = [(-60, 0, "同意"), (-50, 0, "不同意"), (-40, 1, "不同意"), (-30, 1, "同意"), (-20, 2, "1")]
        events = [said(scene, one) for one in lines]
        for seed in range(6):
            NormVoice.objects.all().delete()
            random.Random(seed).shuffle(events)
            for event in [*events, events[0]]:
                hear(event)
            voices = dict(NormVoice.objects.values_list("customer_id", "is_yes"))
            people = scene["people"]
            assert voices == {people[0].pk: False, people[1].pk: True, people[2].pk: True}
        assert Norm.objects.get(pk=row.pk).state == "asked"

    def test_only_what_is_said_while_the_group_is_asked_counts_however_late_it_arrives(self, scene, frozen):
        hear(said(scene, (-5, 0, "同意")))
        row = asked(scene)
        frozen.move(days=3, minutes=10)
        late = said(scene, (-60, 1, "同意"), (-5, 2, "同意"))
        hear(late)
        assert set(NormVoice.objects.values_list("customer_id", flat=True)) == {scene["people"][1].pk}
        norm_ask(tenant=scene["tenant"], norm_id=row.pk, actor=SYSTEM)
        frozen.move(minutes=10)
        hear(said(scene, *[(-5, n, "同意") for n in (3, 4, 5, 6)]))
        assert Norm.objects.get(pk=row.pk).state == "agreed"  # the answer of before stays

    def test_one_norm_is_asked_at_a_time_until_its_time_is_over(self, scene, frozen):
        first = asked(scene)
        other = noted(scene, "分享先说结论", 1)
        with pytest.raises(NormBusy):
            norm_ask(tenant=scene["tenant"], norm_id=other.pk, actor=SYSTEM)
        frozen.move(days=4)
        norm_ask(tenant=scene["tenant"], norm_id=other.pk, actor=SYSTEM)
        states = dict(Norm.objects.values_list("pk", "state"))
        assert states == {first.pk: "proposed", other.pk: "asked"}
        waiting = WorkItem.objects.filter(source_kind="groups.norm", state="open")
        assert [one.source_id for one in waiting] == [other.pk]

    def test_without_an_archive_a_colleague_tells_who_answered_and_the_latest_word_counts(
        self, scene, frozen
    ):
        row = asked(scene)
        tell = {"tenant": scene["tenant"], "norm_id": row.pk, "actor": SYSTEM}
        ids = [one.pk for one in scene["people"]]
        norm_voices_tell(**tell, customer_ids=ids[:4])
        norm_voices_tell(**tell, customer_ids=ids[:4])
        assert audited("groups.norm.voices") == 1
        frozen.move(minutes=1)
        norm_voices_tell(**tell, customer_ids=ids[:1], is_yes=False)
        assert norm_voices_tell(**tell, customer_ids=ids[4:5]).state == "asked"
        assert norm_voices_tell(**tell, customer_ids=ids[5:6]).state == "agreed"
        stranger = make_customers(tenant=scene["tenant"], count=1)[0]
        with pytest.raises(NormInvalid):
            norm_voices_tell(**tell, customer_ids=[stranger.pk])

    def test_a_busy_group_needs_its_share_and_a_small_one_no_more_than_sit_there(self, scene):
        tenant, group = scene["tenant"], scene["group"]
        more = make_customers(tenant=tenant, count=72)
        fill_group(group=group, customers=more)
        ArchiveRoom.objects.create(
            tenant=tenant, app=group.app, room_id=group.chat_id, first_at=clock.now(), last_at=clock.now()
        )
        archive(group, *[(60 + n, one.external_userid, "早") for n, one in enumerate(more[:61])])
        row = asked(scene)
        assert (row.spoke, row.needed) == (61, 7)
        small = make_group(tenant=tenant, owner=scene["owner"], state="active")
        fill_group(group=small, customers=scene["people"][:2])
        assert asked({**scene, "group": small}).needed == 2

    def test_one_person_with_two_records_is_one_voice(self, scene, owner):
        row = asked(scene)
        here, other, third = scene["people"][:3]
        customers_merge(
            tenant=scene["tenant"], goes_on_id=here.pk, other_id=other.pk, reason="同一人", actor=owner
        )
        tell = {"tenant": scene["tenant"], "norm_id": row.pk, "actor": SYSTEM}
        norm_voices_tell(**tell, customer_ids=[here.pk, other.pk, third.pk])
        assert norm_list(group=scene["group"])[0].yes == 2

    def test_agreed_norms_stand_in_the_welcome_at_one_press_and_go_when_they_are_not_kept(self, scene):
        row = asked(scene)
        norm_voices_tell(
            tenant=scene["tenant"],
            norm_id=row.pk,
            customer_ids=[one.pk for one in scene["people"][:5]],
            actor=SYSTEM,
        )
        press = {
            "tenant": scene["tenant"],
            "group_id": scene["group"].pk,
            "place": "welcome",
            "actor": SYSTEM,
        }
        assert norms_tell(**press) == [TEXT]
        assert norms_tell(**press) == []
        group = Group.objects.get(pk=scene["group"].pk)
        assert group.welcome == f"欢迎进群。\n我们一起约定的：\n· {TEXT}"
        group_edit_plan(
            tenant=scene["tenant"], group_id=group.pk, actor=SYSTEM, welcome=group.welcome + "\n回复课表。"
        )
        with pytest.raises(ReasonNeeded):
            norm_drop(tenant=scene["tenant"], norm_id=row.pk, reason=" ", actor=SYSTEM)
        norm_drop(tenant=scene["tenant"], norm_id=row.pk, reason="大家想改时间", actor=SYSTEM)
        group.refresh_from_db()
        assert group.welcome == "欢迎进群。\n回复课表。"
        assert norms_agreed(tenant_id=group.tenant_id, group_id=group.pk) == []
        assert group.wordings.filter(kind="welcome").count() == 4


class TestFriendlyWord:
    def agree(self, scene):
        row = asked(scene)
        norm_voices_tell(
            tenant=scene["tenant"],
            norm_id=row.pk,
            customer_ids=[one.pk for one in scene["people"][:5]],
            actor=SYSTEM,
        )

    def test_about_what_members_agreed_a_friendly_word_comes_first_and_counts_as_no_breach(self, scene):
        self.agree(scene)
        steps = [breach(scene, rule=TEXT).step for _ in range(4)]
        assert steps == ["kind", "warn", "mute", "remove"]
        who = scene["people"][0].external_userid
        assert standing(tenant_id=scene["tenant"].pk, userid=who) == {scene["group"].pk: 3}
        assert breach(scene, person=1).step == "warn"  # a red line of the group's rules
        first = WorkItem.objects.filter(source_kind="groups.violation").order_by("pk").first()
        assert (first.bucket, TEXT in first.script) == ("remind", True)
        assert (audited("groups.kind_word.asked"), audited("groups.violation.recorded")) == (1, 4)

    def test_a_friendly_word_needs_no_evidence_and_a_warning_does(self, scene):
        common = {"tenant": scene["tenant"], "group_id": scene["group"].pk, "rule": "不刷屏", "actor": SYSTEM}
        who = scene["people"][0].external_userid
        assert violation_record(**common, userid=who, step="kind").step == "kind"
        with pytest.raises(ViolationInvalid):
            violation_record(**common, userid=who)
        assert step_proposed(tenant_id=scene["tenant"].pk, group_id=scene["group"].pk, userid=who) == "warn"

    def test_one_that_was_taken_back_was_not_said(self, scene):
        self.agree(scene)
        row = breach(scene, rule=TEXT)
        violation_undo(tenant=scene["tenant"], violation_id=row.pk, reason="看错人了", actor=SYSTEM)
        assert breach(scene, rule=TEXT).step == "kind"


class TestThanks:
    def test_the_words_wait_with_the_owner_and_count_once_they_were_said(self, scene):
        row = thank(scene)
        assert thank(scene).pk == row.pk
        task = item("groups.thanks")
        assert (task.staff, task.script, balance_of(group=scene["group"]).thanks) == (
            scene["owner"],
            "谢谢你",
            0,
        )
        work_item_act(tenant=scene["tenant"], item_id=task.pk, verb="done", actor=SYSTEM)
        assert balance_of(group=scene["group"]).thanks == 1
        assert people_of_culture(scene["group"], "culture-thanked") == {scene["people"][0].pk}
        work_item_act(tenant=scene["tenant"], item_id=task.pk, verb="undo", actor=SYSTEM)
        assert balance_of(group=scene["group"]).thanks == 0
        thanks_settle(tenant=scene["tenant"], thanks_id=row.pk, is_said=True, actor=SYSTEM)
        task.refresh_from_db()
        assert task.state == "done"

    def test_not_said_after_all_counts_nowhere_and_may_be_written_again(self, scene):
        row = thank(scene)
        thanks_drop(tenant=scene["tenant"], thanks_id=row.pk, actor=SYSTEM)
        assert item("groups.thanks").state == "cancelled"
        with pytest.raises(ThanksInvalid):
            thanks_settle(tenant=scene["tenant"], thanks_id=row.pk, is_said=True, actor=SYSTEM)
        again = thank(scene, is_said=True)
        assert (again.pk, again.state, item("groups.thanks").state) == (row.pk, "said", "cancelled")

    @pytest.mark.parametrize("wrong", [{"reason": "praise"}, {"words": " "}, {"words": "谢" * 301}])
    def test_thanks_have_a_reason_and_words_for_somebody_of_the_group(self, scene, wrong):
        told = {"reason": "help", "words": "谢谢", "customer_id": scene["people"][0].pk, **wrong}
        with pytest.raises(ThanksInvalid):
            thanks_write(tenant=scene["tenant"], group_id=scene["group"].pk, actor=SYSTEM, **told)
        Member.objects.update(left_at=clock.now())
        with pytest.raises(ThanksInvalid):
            thank(scene)
        assert not Thanks.objects.exists()

    def test_whoever_helped_answered_or_had_the_idea_is_named_until_thanked(self, scene, frozen):
        tenant, group, people = scene["tenant"], scene["group"], scene["people"]
        helper = Koc.objects.create(
            tenant=tenant, group=group, customer=people[1], state="helper", origin="grown"
        )
        HelperTask.objects.create(tenant=tenant, koc=helper, title="晚上迎新", done_at=clock.now())
        CircleSpell.objects.create(
            tenant=tenant, group=group, customer=people[2], circle="core", from_day=clock.now().date(),
            active_days=9, gave={"answer": 3},
        )  # fmt: skip
        CircleSpell.objects.create(
            tenant=tenant, group=group, customer=people[3], circle="periphery", from_day=clock.now().date(),
            active_days=1, gave={},
        )  # fmt: skip
        Norm.objects.create(
            tenant=tenant, group=group, customer=people[0], text=TEXT, state="agreed", agreed_at=clock.now()
        )
        found = {(one.customer_id, one.reason.value, one.what, one.days) for one in thanks_ideas(group=group)}
        assert found == {
            (people[1].pk, "help", "晚上迎新", 0), (people[2].pk, "answer", "", 3), (people[0].pk, "idea", TEXT, 0),
        }  # fmt: skip
        thank(scene, 1)
        thank(scene, 2, "answer")
        Member.objects.filter(customer=people[0]).update(left_at=clock.now())
        assert thanks_ideas(group=group) == []
        frozen.move(days=15)
        assert [one.reason for one in thanks_ideas(group=group)] == ["answer"]


class TestToday:
    def test_sanctions_without_thanks_are_a_suggestion_that_thanks_close(self, scene):
        breach(scene)
        breach(scene, 1, step="kind")
        assert culture_bring_up(tenant=scene["tenant"]) == 1
        task = item("groups.culture")
        assert (task.bucket, task.staff, task.state) == ("suggest", scene["owner"], "open")
        assert " 1 " in f" {task.reason}"
        thank(scene, is_said=True)
        assert culture_bring_up(tenant=scene["tenant"]) == 0
        task.refresh_from_db()
        assert task.state == "done"

    def test_a_friendly_word_alone_asks_for_nothing(self, scene):
        breach(scene, step="kind")
        assert culture_bring_up(tenant=scene["tenant"]) == 0

    def test_a_deed_nobody_thanked_for_is_one(self, scene):
        helper = Koc.objects.create(
            tenant=scene["tenant"],
            group=scene["group"],
            customer=scene["people"][1],
            state="helper",
            origin="grown",
        )
        HelperTask.objects.create(tenant=scene["tenant"], koc=helper, title="迎新", done_at=clock.now())
        assert culture_bring_up(tenant=scene["tenant"]) == 1
        thank(scene, 1)
        assert culture_bring_up(tenant=scene["tenant"]) == 0

    def test_closed_by_a_person_it_rests_for_a_week(self, scene, frozen):
        breach(scene)
        culture_bring_up(tenant=scene["tenant"])
        work_item_act(tenant=scene["tenant"], item_id=item("groups.culture").pk, verb="done", actor=SYSTEM)
        frozen.move(days=6)
        assert culture_bring_up(tenant=scene["tenant"]) == 0
        assert item("groups.culture").state == "done"
        frozen.move(days=1)
        assert culture_bring_up(tenant=scene["tenant"]) == 1
        assert item("groups.culture").state == "open"

    def test_many_groups_take_as_many_statements_as_one(self, scene, django_assert_max_num_queries):
        breach(scene)
        for _ in range(12):
            one = make_group(tenant=scene["tenant"], owner=scene["owner"], state="active")
            fill_group(group=one, customers=scene["people"][:1])
            breach({**scene, "group": one})
        with django_assert_max_num_queries(16):
            assert culture_bring_up(tenant=scene["tenant"]) == 13


def test_a_role_is_kept_and_told(scene, owner):
    row = Koc.objects.create(
        tenant=scene["tenant"],
        group=scene["group"],
        customer=scene["people"][0],
        state="helper",
        origin="grown",
    )
    koc_edit(
        tenant=scene["tenant"], koc_id=row.pk, privileges="", origin="grown", role="greeter", actor=owner
    )
    koc_edit(tenant=scene["tenant"], koc_id=row.pk, privileges="先看新课", origin="grown", actor=owner)
    row.refresh_from_db()
    assert (row.role, row.privileges) == ("greeter", "先看新课")
    assert AuditEntry.objects.filter(verb="groups.koc.edited").first().changes["role"] == ["", "greeter"]


def test_who_is_erased_stands_in_no_norm_thanks_or_task(scene, owner):
    asked(scene)
    thank(scene)
    who = scene["people"][0]
    assert WorkItem.objects.filter(source_kind__in=["groups.norm", "groups.thanks"]).count() == 2
    row = erasure_ask(
        tenant=scene["tenant"], customer_id=who.pk, typed=who.external_userid, reason="本人要求", actor=owner
    )
    erasure_run(tenant=scene["tenant"], erasure_id=row.pk)
    assert not WorkItem.objects.filter(source_kind__in=["groups.norm", "groups.thanks"]).exists()
    assert (Norm.objects.get().said, Norm.objects.get().text, Thanks.objects.get().words) == ("", TEXT, "")


def test_balance_is_of_thirty_days_and_what_was_taken_back_does_not_count(scene, frozen):
    thank(scene, is_said=True)
    old = breach(scene)
    frozen.move(days=31)
    assert balance_of(group=scene["group"]).sanctions == 0
    kept, undone = breach(scene, 1), breach(scene, 2)
    breach(scene, 3, step="kind")
    violation_undo(tenant=scene["tenant"], violation_id=undone.pk, reason="看错人了", actor=SYSTEM)
    found = balance_of(group=scene["group"])
    assert (found.thanks, found.kind_words, found.sanctions) == (0, 1, 1)
    assert people_of_culture(scene["group"], "culture-sanctioned") == {kept.customer_id}
    assert people_of_culture(scene["group"], "culture-kind") == {scene["people"][3].pk}
    assert Violation.objects.get(pk=old.pk).happened_at < clock.now() - timedelta(days=30)
