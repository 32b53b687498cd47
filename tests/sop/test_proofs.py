"""A touch is confirmed by evidence alone: archive, reply, a screenshot somebody else has looked at, outcomes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from contacts.models import ExposureDay, ExposureWeek, GroupDay
from content.models import RadarLink
from sop.errors import OwnProof, PictureInvalid, ReasonMissing, TouchFixed
from sop.handlers import on_messages_archived
from sop.models import Touch, TouchProof, TouchRecipient
from sop.selectors.execution import execution_rate
from sop.services.certificate import certificate_make
from sop.services.dispatch import dispatch_due
from sop.services.planning import plan_apply
from sop.services.proofs import outcomes_note, proof_accept, proof_offer, proof_refuse
from sop.services.proving import messages_prove
from sop.services.results import handed_expire
from sop.services.staff import touch_review, touch_submit
from team.models import WorkItem
from tenants import clock
from tenants.audit import SYSTEM, Actor
from tenants.enums import Permission
from tenants.models import User
from tenants.scoping import tenant_scope
from tests.conftest import MovableClock
from tests.factories.team import make_staff
from tests.phone import hold_phone
from tests.sop.conftest import Camp
from wecom.events import MessagesArchived
from wecom.models import ArchivedMessage

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
Make = Callable[..., Camp]
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
WORDS = "今晚八点直播，讲孩子怎样背单词不费劲，妈妈们记得来。"
MAY = frozenset({Permission.WORK, Permission.OPERATE, Permission.VIEW})


def handed(camp: Make, frozen: MovableClock, groups: int = 1, **step: object) -> tuple[Camp, list[Touch]]:
    made = camp(steps=[{"text": WORDS, "window_minutes": 60, **step}], groups=groups)
    with transaction.atomic():
        plan_apply(tenant=made.tenant, run=made.run)
    frozen.move(seconds=3600)
    dispatch_due(tenant_id=made.tenant.pk)
    return made, list(Touch.objects.order_by("pk"))


def say(
    made: Camp,
    who: str,
    words: str,
    *,
    room: str = "",
    to: tuple[str, ...] = (),
    number: int = 1,
    ago: int = 0,
):
    row = ArchivedMessage.objects.create(
        tenant=made.tenant, app=made.groups[0].app, msgid=f"m{number}", seq=number, action="send", msgtype="text",
        sender_id=who, room_id=room, receiver_ids=list(to), sent_at=clock.now() - timedelta(seconds=ago),
        content={"content": words},
    )  # fmt: skip
    return row.pk


def heard(made: Camp, *ids: int) -> None:
    event = MessagesArchived(
        tenant_id=made.tenant.pk, occurred_at=clock.now(), app_id=made.groups[0].app_id, message_ids=list(ids)
    )
    on_messages_archived(tenant_id=made.tenant.pk, events=[event])


def state(touch: Touch) -> tuple[str, str]:
    touch.refresh_from_db()
    return touch.state, touch.evidence.get("kind", "")


def test_the_posted_words_in_the_archive_confirm_without_a_word_of_the_sender(
    camp: Make, frozen: MovableClock
) -> None:
    made, (touch,) = handed(camp, frozen)
    frozen.move(seconds=300)
    heard(made, say(made, "linxiao", "大家好～ " + WORDS, room=made.groups[0].chat_id, ago=60))
    assert state(touch) == ("confirmed", "archive")
    assert touch.done_at == clock.now() - timedelta(seconds=60)
    assert WorkItem.objects.get(source_kind="sop.touch").state == "done"
    assert TouchProof.objects.get().source == "m1"


@pytest.mark.parametrize("wrong", ["words", "room", "sender", "before"])
def test_a_message_that_is_not_the_step_confirms_nothing(
    camp: Make, frozen: MovableClock, wrong: str
) -> None:
    made, (touch,) = handed(camp, frozen)
    make_staff(tenant=made.tenant, app=made.groups[0].app, userid="other", name="别人")
    frozen.move(seconds=60)
    heard(
        made,
        say(
            made,
            "other" if wrong == "sender" else "linxiao",
            "大家早上好，昨天的作业交了吗" if wrong == "words" else WORDS,
            room="elsewhere" if wrong == "room" else made.groups[0].chat_id,
            ago=120 if wrong == "before" else 0,
        ),
    )
    assert state(touch) == ("handed", "")


def test_one_message_never_confirms_two_touches_of_one_group(camp: Make, frozen: MovableClock) -> None:
    made = camp(steps=[{"text": WORDS, "window_minutes": 90}, {"text": WORDS, "window_minutes": 90}])
    plan_apply(tenant=made.tenant, run=made.run)
    frozen.move(seconds=3600)
    dispatch_due(tenant_id=made.tenant.pk)
    Touch.objects.update(state="handed", handed_at=clock.now())
    first = say(made, "linxiao", WORDS, room=made.groups[0].chat_id)
    for _again in range(2):
        heard(made, first)
    assert sorted(Touch.objects.values_list("state", flat=True)) == ["confirmed", "handed"]
    heard(made, say(made, "linxiao", WORDS, room=made.groups[0].chat_id, number=2))
    assert set(Touch.objects.values_list("state", flat=True)) == {"confirmed"}


def test_a_members_reply_confirms_what_was_said_to_be_sent_and_nothing_else(
    camp: Make, frozen: MovableClock
) -> None:
    made, (touch, other) = handed(camp, frozen, groups=2)
    room, member = made.groups[0].chat_id, made.people[0][0].external_userid
    heard(made, say(made, member, "在吗", room=room))
    assert state(touch) == ("handed", "")
    touch_submit(tenant=made.tenant, touch_id=touch.pk, actor=SYSTEM)
    touch_submit(tenant=made.tenant, touch_id=other.pk, actor=SYSTEM)
    frozen.move(seconds=300)
    heard(
        made,
        say(made, "linxiao", "回头见", room=room, number=2),
        say(made, member, "收到", room=room, number=3),
    )
    assert (state(touch), state(other)) == (("confirmed", "reply"), ("submitted", ""))


def test_a_private_step_is_proven_by_half_of_its_people(camp: Make, frozen: MovableClock) -> None:
    made, (touch,) = handed(camp, frozen, channel="staff_task")
    first, second, _third = [one.external_userid for one in made.people[0]]
    heard(made, say(made, "linxiao", WORDS, to=(first,)))
    assert state(touch) == ("handed", "")
    heard(made, say(made, "linxiao", WORDS, to=(second,), number=2))
    assert state(touch) == ("confirmed", "archive")
    assert TouchRecipient.objects.filter(state="sent").count() == 2


@pytest.mark.django_db(transaction=True)
def test_eight_workers_with_the_same_messages_confirm_each_touch_once(
    camp: Make, frozen: MovableClock
) -> None:
    made, touches = handed(camp, frozen, groups=3)
    ids = [say(made, "linxiao", WORDS, room=group.chat_id, number=n) for n, group in enumerate(made.groups)]

    def prove(number: int) -> int:
        try:
            with tenant_scope(made.tenant):
                some = ids if number % 2 else ids[::-1]
                return messages_prove(
                    tenant_id=made.tenant.pk, app_id=made.groups[0].app_id, message_ids=some
                )
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        confirmed = list(pool.map(prove, range(8)))
    assert sum(confirmed) == len(touches) == TouchProof.objects.count()
    assert set(Touch.objects.values_list("state", flat=True)) == {"confirmed"}


def test_a_note_is_no_proof_and_what_waits_is_not_missing_before_its_window_ends(
    camp: Make, frozen: MovableClock
) -> None:
    made, (touch,) = handed(camp, frozen)
    touch_submit(tenant=made.tenant, touch_id=touch.pk, actor=SYSTEM, note="9 人回复")
    assert state(touch) == ("submitted", "")
    assert touch.evidence["note"] == "9 人回复"
    figures = execution_rate(tenant_id=made.tenant.pk)[0]
    assert (figures.waiting, figures.no_evidence, figures.due) == (1, 0, 0)
    frozen.move(seconds=3601)
    handed_expire(tenant_id=made.tenant.pk)
    figures = execution_rate(tenant_id=made.tenant.pk)[0]
    assert (figures.waiting, figures.no_evidence, figures.due) == (0, 1, 1)


def test_a_screenshot_is_looked_at_by_somebody_else(camp: Make, frozen: MovableClock) -> None:
    made, (touch,) = handed(camp, frozen)
    sender, colleague = Actor.of_staff(made.staff.pk, "林晓", MAY), Actor.of_staff(0, "何静", MAY)
    proof = proof_offer(tenant=made.tenant, touch_id=touch.pk, content=PNG, actor=sender)
    assert state(touch) == ("submitted", "")
    assert WorkItem.objects.get(source_kind="sop.proofs").state == "open"
    with pytest.raises(OwnProof):
        proof_accept(tenant=made.tenant, proof_id=proof.pk, actor=sender)
    with pytest.raises(OwnProof):
        touch_review(tenant=made.tenant, touch_id=touch.pk, actor=sender)
    for _again in range(2):
        proof_accept(tenant=made.tenant, proof_id=proof.pk, actor=colleague)
    assert state(touch) == ("confirmed", "screenshot")
    assert touch.evidence["confirmed_by"] == "何静"
    assert WorkItem.objects.get(source_kind="sop.proofs").state == "done"


def test_a_refused_screenshot_goes_back_open_with_the_reason(camp: Make, frozen: MovableClock) -> None:
    made, (touch,) = handed(camp, frozen, channel="staff_task")
    proof = proof_offer(tenant=made.tenant, touch_id=touch.pk, content=PNG, actor=SYSTEM)
    with pytest.raises(ReasonMissing):
        proof_refuse(tenant=made.tenant, proof_id=proof.pk, reason=" ", actor=SYSTEM)
    proof_refuse(tenant=made.tenant, proof_id=proof.pk, reason="是另一个群", actor=SYSTEM)
    assert state(touch) == ("handed", "")
    item = WorkItem.objects.get(source_kind="sop.touch")
    assert (item.state, "是另一个群" in item.reason) == ("open", True)
    assert set(TouchRecipient.objects.values_list("state", flat=True)) == {"planned"}
    again = proof_offer(tenant=made.tenant, touch_id=touch.pk, content=PNG + b"2", actor=SYSTEM)
    frozen.move(seconds=3700)
    proof_refuse(tenant=made.tenant, proof_id=again.pk, reason="看不清", actor=SYSTEM)
    assert state(touch) == ("submitted", "")
    assert WorkItem.objects.get(source_kind="sop.touch").state == "open"


@pytest.mark.parametrize("content", [b"", b"GIF89a" + b"0" * 50, PNG + b"0" * 5 * 1024 * 1024])
def test_what_is_no_picture_or_too_large_is_refused(camp: Make, frozen: MovableClock, content: bytes) -> None:
    made, (touch,) = handed(camp, frozen)
    with pytest.raises(PictureInvalid):
        proof_offer(tenant=made.tenant, touch_id=touch.pk, content=content, actor=SYSTEM)
    assert state(touch) == ("handed", "")


def test_calls_count_once_each_person_has_an_outcome(camp: Make, frozen: MovableClock) -> None:
    made, (touch,) = handed(camp, frozen, channel="call")
    first, second, third = TouchRecipient.objects.order_by("pk")
    told = {first.pk: ("reached", "周末来"), second.pk: ("no_answer", "")}
    outcomes_note(tenant=made.tenant, touch_id=touch.pk, outcomes=told, actor=SYSTEM)
    assert state(touch) == ("handed", "")
    outcomes_note(
        tenant=made.tenant, touch_id=touch.pk, outcomes={third.pk: ("wrong_number", "")}, actor=SYSTEM
    )
    assert state(touch) == ("confirmed", "outcome")
    rows = TouchRecipient.objects.order_by("pk").values_list("state", "outcome", "outcome_note")
    assert list(rows) == [
        ("sent", "reached", "周末来"),
        ("missed", "no_answer", ""),
        ("missed", "wrong_number", ""),
    ]
    with pytest.raises(TouchFixed):
        outcomes_note(tenant=made.tenant, touch_id=handed_forward(made).pk, outcomes={}, actor=SYSTEM)


def handed_forward(made: Camp) -> Touch:
    Touch.objects.update(channel="group_forward")
    return Touch.objects.get()


def test_from_the_phone_to_the_reviewers_queue(camp: Make, frozen: MovableClock, client: Client) -> None:
    made, (touch,) = handed(camp, frozen)
    client.force_login(User.objects.get(email="lin@example.com"))
    console = f"/t/{made.tenant.slug}/sop/proofs/"
    phone = hold_phone(made.tenant, made.staff)
    where = f"/m/{made.tenant.slug}/send/{touch.pk}/"
    sent = phone.post(f"{where}proof/", {"picture": SimpleUploadedFile("a.png", PNG)})
    assert sent.status_code == 302
    assert "等同事" in phone.get(where).content.decode() or "colleague" in phone.get(where).content.decode()
    bad = phone.post(f"{where}proof/", {"picture": SimpleUploadedFile("a.png", b"GIF")})
    assert bad.status_code == 409
    proof = TouchProof.objects.get()
    listed = client.get(console).content.decode()
    assert (touch.step.title in listed, f"/sop/proofs/{proof.pk}/picture/" in listed) == (True, True)
    shown = client.get(f"{console}{proof.pk}/picture/")
    assert (shown.content, shown.headers["Content-Type"]) == (PNG, "image/png")
    assert client.post(f"{console}{proof.pk}/accept/").status_code == 302
    with tenant_scope(made.tenant):
        assert state(touch) == ("confirmed", "screenshot")


def test_a_stranger_sees_no_picture(camp: Make, frozen: MovableClock) -> None:
    made, (touch,) = handed(camp, frozen)
    proof = proof_offer(tenant=made.tenant, touch_id=touch.pk, content=PNG, actor=SYSTEM)
    answer = Client().get(f"/t/{made.tenant.slug}/sop/proofs/{proof.pk}/picture/")
    assert answer.status_code == 302


def _missed(camp: Make, frozen: MovableClock, **step: object) -> tuple[Camp, Touch]:
    """A touch whose window has ended while the archive was late."""
    made, (touch,) = handed(camp, frozen, **step)
    frozen.move(seconds=3700)
    handed_expire(tenant_id=made.tenant.pk)
    assert state(touch)[0] == "expired"
    return made, touch


@pytest.mark.parametrize(("ago", "became"), [(1800, "confirmed"), (60, "expired")])
def test_what_was_said_in_the_window_counts_however_late_the_archive_brings_it(
    camp: Make, frozen: MovableClock, ago: int, became: str
) -> None:
    made, touch = _missed(camp, frozen)
    assert not ExposureDay.objects.filter(count__gt=0).exists()
    words = say(made, "linxiao", WORDS, room=made.groups[0].chat_id, ago=ago)
    for _again in range(2):
        heard(made, words)
    assert state(touch)[0] == became
    if became == "confirmed":
        assert (touch.done_at, touch.rule_code) == (clock.now() - timedelta(seconds=ago), "")
        assert set(ExposureDay.objects.values_list("count", flat=True)) == {1}
        assert set(ExposureWeek.objects.values_list("count", flat=True)) == {1}
        assert GroupDay.objects.get().count == 1
        assert execution_rate(tenant_id=made.tenant.pk)[0].in_window == 1
    day = clock.local_date(clock.now(), made.tenant.timezone)
    assert certificate_make(tenant=made.tenant, day=day).faults == []


def test_a_private_step_that_was_missed_goes_on_once_half_of_its_people_prove_it(
    camp: Make, frozen: MovableClock
) -> None:
    made, touch = _missed(camp, frozen, channel="staff_task")
    first, second, _third = [one.external_userid for one in made.people[0]]
    heard(made, say(made, "linxiao", WORDS, to=(first,), ago=1800))
    assert (state(touch)[0], set(TouchRecipient.objects.values_list("state", flat=True))) == (
        "expired", {"missed"}
    )  # fmt: skip
    heard(made, say(made, "linxiao", WORDS, to=(second,), number=2, ago=1700))
    assert state(touch) == ("confirmed", "archive")
    assert sorted(TouchRecipient.objects.values_list("state", flat=True)) == ["planned", "sent", "sent"]
    assert set(ExposureDay.objects.values_list("count", flat=True)) == {1}
    day = clock.local_date(clock.now(), made.tenant.timezone)
    assert certificate_make(tenant=made.tenant, day=day).faults == []


def _posted(camp: Make, frozen: MovableClock, text: str = WORDS) -> tuple[Camp, list[Touch]]:
    return handed(camp, frozen, groups=3, channel="moments", text=text)


def test_a_post_on_moments_is_said_once_and_looked_at_once_for_all_its_groups(
    camp: Make, frozen: MovableClock
) -> None:
    made, touches = _posted(camp, frozen)
    sender, colleague = Actor.of_staff(made.staff.pk, "林晓", MAY), Actor.of_staff(0, "何静", MAY)
    proof = proof_offer(tenant=made.tenant, touch_id=touches[1].pk, content=PNG, actor=sender)
    assert {state(one)[0] for one in touches} == {"submitted"}
    proof_refuse(tenant=made.tenant, proof_id=proof.pk, reason="看不清", actor=colleague)
    assert {state(one)[0] for one in touches} == {"handed"}
    touch_submit(tenant=made.tenant, touch_id=touches[2].pk, actor=sender)
    assert {state(one)[0] for one in touches} == {"submitted"}
    proof = proof_offer(tenant=made.tenant, touch_id=touches[0].pk, content=PNG, actor=sender)
    proof_accept(tenant=made.tenant, proof_id=proof.pk, actor=colleague)
    assert {state(one) for one in touches} == {("confirmed", "screenshot")}
    assert WorkItem.objects.get(source_kind="sop.touch").state == "done"


def test_posts_with_other_words_are_said_one_by_one(camp: Make, frozen: MovableClock) -> None:
    made, (first, *others) = _posted(camp, frozen, text="{群名}的朋友们，今晚开营")
    touch_submit(tenant=made.tenant, touch_id=first.pk, actor=SYSTEM)
    assert state(first)[0] == "submitted"
    assert {state(one)[0] for one in others} == {"handed"}


def test_the_link_of_a_post_is_one_whatever_groups_it_is_planned_for(
    camp: Make, frozen: MovableClock
) -> None:
    link = {"key": "预约", "title": "预约", "kind": "live", "url": "https://live.example.com/1"}
    _made, touches = handed(camp, frozen, groups=3, channel="moments", text="预约：{链接:预约}", links=[link])
    assert len({one.text for one in touches}) == 1
    assert RadarLink.objects.get().group_id is None


def test_the_phone_asks_once_for_a_post_and_names_its_groups(camp: Make, frozen: MovableClock) -> None:
    made, touches = _posted(camp, frozen)
    phone = hold_phone(made.tenant, made.staff, "zh-hans")
    page = phone.get(f"/m/{made.tenant.slug}/send/{touches[1].pk}/").content.decode()
    assert page.count('name="note"') == 1
    assert "启蒙01群 · 启蒙02群 · 启蒙03群" in page
