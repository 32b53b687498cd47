"""Keyword replies (R11): read line by line, promised by the welcome, heard in the chat, put before the owner."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groups.handlers import on_messages_archived
from groups.models import Group, Wording
from groups.policies.replies import (
    Heard,
    doubled,
    plain,
    replies_of,
    reply_to,
    unreadable,
    waiting,
    words_promised,
)
from groups.services.next_group import group_plan_next
from groups.services.setup import group_edit_plan
from team.models import WorkItem
from team.services import work_item_act
from tenants.audit import SYSTEM
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.groups.test_incident_signals import archive

TEXT = "课表、时间表：每晚 20:00 带读\n1: 领资料 https://x.cn/a\n课表表=另一份"
T0 = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def at(minute: int, text: str, *, staff: bool = False) -> Heard:
    return Heard(T0 + timedelta(minutes=minute), staff, text)


@pytest.mark.unit
class TestWords:
    def test_a_line_is_words_a_colon_and_an_answer(self):
        found = replies_of(TEXT)
        assert [(one.words, one.text) for one in found] == [
            (("课表", "时间表"), "每晚 20:00 带读"),
            (("1",), "领资料 https://x.cn/a"),
            (("课表表",), "另一份"),
        ]
        assert unreadable(f"{TEXT}\n没有冒号\n：没有词\n词：\n  ") == ["没有冒号", "：没有词", "词："]
        assert doubled("课表：甲\n课 表：乙") == ["课表"]

    @pytest.mark.parametrize(
        ("message", "answer"),
        [
            ("课表", "每晚 20:00 带读"), ("＠林晓 课表发一下～", "每晚 20:00 带读"), ("时间表呢？", "每晚 20:00 带读"),
            ("课表表", "另一份"), ("１。", "领资料 https://x.cn/a"), ("@林晓 1", "领资料 https://x.cn/a"),
            ("11", None), ("第1课讲得好", None), ("", None), ("\U0001f44d", None),
            ("今天的课表我看过了，安排得特别好，孩子们一定都会喜欢，谢谢老师们的辛苦付出", None),
        ],
    )  # fmt: skip
    def test_one_character_is_the_whole_message_and_a_longer_word_stands_in_a_short_one(
        self, message, answer
    ):
        found = reply_to(message, replies_of(TEXT))
        assert (found.text if found else None) == answer

    @pytest.mark.parametrize(
        ("welcome", "words"),
        [
            ("回复“课表”看安排，扣1领资料", ["课表", "1"]), ("Reply with 'plan' to get it", ["plan"]),
            ("提问 24 小时内回复 1 次，有问题回复你", []), ("回复 20:00 前", []), ("欢迎，请介绍自己", []),
            ("扣 1 参加", ["1"]), ("回复A领取", ["A"]),
        ],
    )  # fmt: skip
    def test_the_words_that_a_welcome_promises_to_answer(self, welcome, words):
        assert words_promised(welcome) == words

    @given(st.text(max_size=80))
    def test_any_text_is_read_without_a_fault_and_no_line_is_lost(self, text):
        lines = [line for line in text.splitlines() if line.strip()]
        assert len(replies_of(text)) + len(unreadable(text)) == len(lines)
        assert all(plain(word) and one.text for one in replies_of(text) for word in one.words)

    def test_an_answer_that_a_colleague_posted_waits_no_more_whatever_the_order(self):
        said = [
            at(1, "课表"),
            at(2, "1"),
            at(3, "课表呢"),
            at(5, "好的", staff=True),
            at(6, "每晚20：00带读！", staff=True),
        ]
        told = waiting(reversed(said), replies_of(TEXT))
        assert [(one.words, times) for one, _at, times in told] == [(("1",), 1)]
        again = waiting([*said, at(7, "课表")], replies_of(TEXT))
        assert [(one.words, times) for one, _at, times in again] == [(("1",), 1), (("课表", "时间表"), 1)]


@pytest.fixture
def group(tenant, groups):
    """A running group that answers two words."""
    with tenant_scope(tenant):
        group_edit_plan(
            tenant=tenant, group_id=groups[0].pk, actor=SYSTEM, replies="课表：每晚 20:00 带读\n1：领资料"
        )
        yield Group.objects.get(pk=groups[0].pk)


def item(group):
    return WorkItem.objects.filter(source_kind="groups.reply", source_id=group.pk).first()


def hear(event):
    on_messages_archived(tenant_id=event.tenant_id, events=[event])


@pytest.mark.integration
@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestHeard:
    def test_the_owner_gets_the_answer_once_and_it_closes_when_the_chat_shows_it(self, group):
        first = archive(group, (9, "wm1", "课表发一下"), (8, "wm2", "1"), (7, group.owner.userid, "课表"))
        hear(first)
        hear(first)
        row = item(group)
        assert (row.staff_id, row.state, row.rule_code) == (group.owner_id, "open", "R11")
        assert row.script == "每晚 20:00 带读\n\n领资料"
        assert "2" in row.title
        hear(archive(group, (6, "wm3", "好的谢谢")))
        assert item(group).script == row.script
        hear(
            archive(
                group, (5, group.owner.userid, "大家好，每晚 20:00 带读"), (4, group.owner.userid, "领资料")
            )
        )
        assert item(group).state == "done"

    def test_what_a_person_dealt_with_is_not_asked_again_and_the_next_one_is(self, group, frozen):
        first = archive(group, (9, "wm1", "课表"))
        hear(first)
        work_item_act(tenant=group.tenant, item_id=item(group).pk, verb="done", actor=SYSTEM)
        hear(first)
        assert item(group).state == "done"
        frozen.move(hours=1)
        hear(archive(group, (2, "wm2", "1")))
        assert (item(group).state, item(group).script) == ("open", "领资料")

    @pytest.mark.parametrize("why", ["old", "frozen", "planned", "no word", "other room"])
    def test_nobody_is_asked(self, group, why):
        ago = 1441 if why == "old" else 5
        if why == "frozen":
            Group.objects.filter(pk=group.pk).update(frozen_at=T0)
        elif why == "planned":
            Group.objects.filter(pk=group.pk).update(state="planning")
        event = archive(group, (ago, "wm1", "课程真好" if why == "no word" else "课表"))
        if why == "other room":
            Group.objects.filter(pk=group.pk).update(chat_id="wr-other")
        hear(event)
        assert item(group) is None

    def test_they_have_versions_and_go_on_to_the_next_group(self, group):
        group_edit_plan(tenant=group.tenant, group_id=group.pk, actor=SYSTEM, replies="课表：改了")
        rows = Wording.objects.filter(group=group, kind="replies").order_by("number")
        assert list(rows.values_list("text", flat=True)) == ["课表：每晚 20:00 带读\n1：领资料", "课表：改了"]
        made = group_plan_next(tenant=group.tenant, after_id=group.pk, name="小芽启蒙9群", actor=SYSTEM)
        assert made.replies == "课表：改了"


@pytest.mark.integration
@pytest.mark.django_db
def test_they_are_written_previewed_and_shown_on_the_gate(client, tenant, group):
    client.force_login(User.objects.get(email="lin@example.com"))
    where = f"/t/{tenant.slug}/groups/{group.pk}/readiness/"
    page = client.get(where).content.decode()
    assert 'name="replies"' in page
    assert page.index('id="wx-preview"') < page.rindex("每晚 20:00 带读")
    history = client.get(f"/t/{tenant.slug}/groups/{group.pk}/words/replies/")
    assert "领资料" in history.content.decode()
