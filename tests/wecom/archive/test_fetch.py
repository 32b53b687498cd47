"""Messages come in once each, whatever happens to keys, workers and the vendor's JSON. The simulator is the vendor."""

from datetime import timedelta

import pytest
from django.conf import LazySettings

from tenants import clock
from tests.wecom.archive.conftest import World
from wecom.archive import fetch, sealed, services
from wecom.archive.enums import ArchiveState, SealedReason
from wecom.archive.errors import KeyInUse
from wecom.models import ArchiveConsent, ArchivedMessage, ArchiveKey, SealedMessage

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def said() -> list[str]:
    """The texts we hold, in sending order."""
    rows = ArchivedMessage.objects.filter(msgtype="text").order_by("seq")
    return [row.content["content"] for row in rows]


def test_a_checked_archive_runs_and_knows_whom_it_covers(world: World) -> None:
    row = world.cursor()

    assert row.state == ArchiveState.RUNNING, row.checks
    assert {key: one["ok"] for key, one in row.checks.items()} == {
        "gateway": True, "secret": True, "keys": True, "data": True, "permitted": True,
    }  # fmt: skip
    assert world.staff in row.permitted


def test_messages_are_stored_once_with_who_where_and_when(world: World) -> None:
    msgid = world.say(world.customers[0], "老师，今天几点上课？")
    world.fetch()
    world.fetch()

    row = ArchivedMessage.objects.get(msgid=msgid)
    assert (row.sender_id, row.room_id, row.content) == (
        world.customers[0],
        world.chat_id,
        {"content": "老师，今天几点上课？"},
    )
    assert abs(row.sent_at - clock.now()) < timedelta(minutes=1)
    assert said() == ["老师，今天几点上课？"]


def test_the_same_page_fetched_again_adds_nothing(world: World) -> None:
    world.say(world.staff, "今天的作业")
    world.fetch()
    count = ArchivedMessage.objects.count()
    world.cursor_set(seq=0)  # as if the cursor had been restored from a backup

    world.fetch()

    assert ArchivedMessage.objects.count() == count
    assert world.cursor().seq > 0


def test_two_workers_with_the_same_page_store_it_once(world: World) -> None:
    world.say(world.staff, "只有一次")
    port = fetch.archive_port()
    assert port is not None
    handle = port.init(corp_id=world.app.corp_id, secret=world.cursor().secret)
    openers = fetch.openers_of(tenant_id=world.tenant.pk, app_id=world.app.pk)
    pages = [fetch.fetch_page(port, handle, openers=openers, seq=0, limit=1000) for _ in range(2)]

    stored = [fetch.store_page(tenant_id=world.tenant.pk, app_id=world.app.pk, page=page) for page in pages]

    assert stored == [True, False]
    assert said() == ["只有一次"]


def test_a_key_change_without_its_key_keeps_messages_closed_until_it_is_added(world: World) -> None:
    world.say(world.staff, "旧钥匙")
    world.switch_on(version=2)
    world.say(world.staff, "新钥匙")
    world.fetch()
    closed = SealedMessage.objects.get()
    assert (said(), closed.reason, closed.publickey_version) == (["旧钥匙"], SealedReason.NO_KEY, 2)
    assert world.cursor().seq == closed.seq, "a closed message does not hold up the others"

    world.has_key(2)
    opened = sealed.retry(tenant_id=world.tenant.pk, app_id=world.app.pk)

    assert (opened, said(), SealedMessage.objects.count()) == (1, ["旧钥匙", "新钥匙"], 0)
    assert sealed.retry(tenant_id=world.tenant.pk, app_id=world.app.pk) == 0


def test_what_is_opened_later_counts_like_what_came_open(world: World) -> None:
    person = world.customers[0]
    world.act("consent", external_userid=person, agree=True)
    world.fetch()
    agreed_at = ArchiveConsent.objects.get(person_id=person).at
    world.switch_on(version=2)
    world.say(person, "说过不要存")
    world.say(world.staff, "要存的")
    world.fetch()
    services.consent_record(
        tenant=world.tenant,
        app_id=world.app.pk,
        person_id=person,
        agreed=False,
        ground="当面",
        actor=world.owner,
    )
    ArchiveConsent.objects.filter(person_id=person).update(at=agreed_at)  # refused before writing
    world.has_key(2)

    sealed.retry(tenant_id=world.tenant.pk, app_id=world.app.pk)

    row, key = world.cursor(), ArchiveKey.objects.get(version=2)
    assert (said(), row.withheld) == (["要存的"], 1)
    assert row.message_at == ArchivedMessage.objects.order_by("-sent_at").values_list("sent_at", flat=True)[0]
    with pytest.raises(KeyInUse):
        services.key_set_version(tenant=world.tenant, key_id=key.pk, version=3, actor=world.owner)


def test_a_key_of_another_pair_is_named_and_kept_for_later(world: World) -> None:
    world.simulator.ask(
        "PATCH",
        f"/sim/corps/{world.app.corp_id}",
        archive={"public_keys": {"2": world.pairs[2].public_key}, "current_version": 2},
    )
    world.has_key(2)  # our version 2 is another pair than the console's
    world.say(world.staff, "打不开")
    world.fetch()

    assert SealedMessage.objects.get().reason == SealedReason.BAD_KEY
    assert sealed.retry(tenant_id=world.tenant.pk, app_id=world.app.pk) == 0
    assert SealedMessage.objects.get().attempts == 2


def test_every_kind_is_stored_with_its_content_and_an_unknown_one_as_it_came(world: World) -> None:
    kinds = (
        "image", "voice", "video", "file", "emotion", "card", "location", "link", "weapp", "chatrecord", "mixed",
        "redpacket", "external_redpacket", "collect", "todo", "meeting", "calendar", "sphfeed", "markdown", "news",
        "docmsg", "vote", "meeting_voice_call", "voip_doc_share", "hologram",
    )  # fmt: skip
    for kind in kinds:
        world.say(world.staff, msgtype=kind)
    world.fetch()

    rows = {row.msgtype: row for row in ArchivedMessage.objects.filter(msgtype__in=kinds)}
    assert set(rows) == set(kinds)
    assert {kind for kind, row in rows.items() if not row.content} == set()
    assert {kind for kind, row in rows.items() if row.state == "unknown"} == {"hologram"}
    assert rows["hologram"].content == {"hologram": {"depth": 3, "caption": "新的消息类型"}} or rows[
        "hologram"
    ].content == {"depth": 3, "caption": "新的消息类型"}
    assert '"hologram"' in rows["hologram"].raw
    assert rows["docmsg"].content["title"] == "课程安排"
    assert rows["external_redpacket"].content["totalamount"] == 100
    assert rows["vote"].content["votetitle"] == "周末活动"
    assert rows["meeting_voice_call"].content["voiceid"] == "voice-1"


def test_control_characters_inside_a_message_do_not_stop_it(world: World) -> None:
    world.say(world.staff, "控制\u0003字符\u001f")
    world.fetch()

    assert said() == ["控制字符"]


def test_a_recall_marks_the_message_and_keeps_it(world: World) -> None:
    msgid = world.say(world.staff, "说错了")
    world.act("recall", msgid=msgid)
    world.fetch()

    row = ArchivedMessage.objects.get(msgid=msgid)
    assert row.recalled_at is not None
    assert row.content == {"content": "说错了"}
    assert ArchivedMessage.objects.filter(action="recall", recalls=msgid).count() == 1


def test_a_recall_marks_a_message_that_is_opened_only_later(world: World) -> None:
    world.switch_on(version=2)
    msgid = world.say(world.staff, "说错了")
    world.switch_on(version=1)
    world.act("recall", msgid=msgid)
    world.fetch()
    world.has_key(2)

    sealed.retry(tenant_id=world.tenant.pk, app_id=world.app.pk)

    assert ArchivedMessage.objects.get(msgid=msgid).recalled_at is not None


def test_a_change_of_company_is_a_row_without_receivers(world: World) -> None:
    world.act("switch", userid=world.staff)
    world.fetch()

    row = ArchivedMessage.objects.get(action="switch")
    assert (row.sender_id, row.msgtype, row.receiver_ids) == (world.staff, "", [])


def test_away_longer_than_wecom_holds_messages_is_a_gap_that_is_told(world: World) -> None:
    world.say(world.staff, "从前")
    world.fetch()
    world.say(world.staff, "没人看见")
    world.simulator.set_time(clock.now() + timedelta(days=7))
    world.say(world.staff, "现在")
    away = clock.now() - timedelta(days=7)
    world.cursor_set(fetched_at=away)

    world.fetch()

    row = world.cursor()
    assert said() == ["从前", "现在"]
    assert (row.gap_from, row.gap_until is not None) == (away, True)


def test_away_long_while_nobody_spoke_is_no_gap(world: World) -> None:
    world.say(world.staff, "从前")
    world.fetch()
    world.cursor_set(fetched_at=clock.now() - timedelta(days=7))
    world.say(world.staff, "现在")

    world.fetch()

    assert world.cursor().gap_until is None


@pytest.mark.parametrize(
    ("change", "code"), [({"secret": "another"}, 40001), ({"is_expired": True}, 301052), ({"is_on": False}, 301053)]
)  # fmt: skip
def test_what_a_person_must_repair_stops_the_archive_and_says_so(
    world: World, change: dict, code: int
) -> None:
    world.simulator.ask("PATCH", f"/sim/corps/{world.app.corp_id}", archive=change)

    world.fetch()

    row = world.cursor()
    assert (row.state, row.error_code, row.leased_until) == (ArchiveState.STOPPED, code, None)


def test_a_gateway_that_is_down_is_tried_again_and_stops_nothing(
    world: World, settings: LazySettings
) -> None:
    world.say(world.staff, "等一下")
    settings.WECOM_ARCHIVE_GATEWAY = "http://127.0.0.1:9"
    world.fetch()
    row = world.cursor()
    assert (row.state, row.error_code, row.attempts) == (ArchiveState.RUNNING, 0, 1)
    assert row.next_at > clock.now()

    settings.WECOM_ARCHIVE_GATEWAY = ""
    world.fetch()

    assert (said(), world.cursor().attempts, world.cursor().error) == (["等一下"], 0, "")


def test_a_bad_line_to_wecom_loses_nothing(world: World) -> None:
    for number in range(5):
        world.say(world.staff, f"第{number}条")
    world.simulator.faults(world.app.corp_id, archive_network_p=1.0)
    world.fetch()
    assert (said(), world.cursor().error_code) == ([], 10001)

    world.simulator.faults(world.app.corp_id, archive_network_p=0.0)
    world.fetch()

    assert len(said()) == 5


def test_a_backlog_is_read_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "PAGE", 3)
    monkeypatch.setattr(fetch, "PAGES_A_RUN", 2)
    for number in range(8):
        world.say(world.staff, f"第{number}条")

    assert world.fetch() is True
    assert len(said()) == 6
    assert world.cursor().has_more is True
    assert world.fetch() is False
    assert len(said()) == 8
