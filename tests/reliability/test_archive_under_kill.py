"""kill -9 of the worker that reads the archive, at every line from the fetched page to the next: each msgid once."""

import pytest

from tests.reliability import killing
from tests.simulated import simulator, simulator_process  # noqa: F401
from tests.wecom.archive.conftest import World, pairs, world  # noqa: F401
from tests.wecom.conftest import _clean_door, live, queued  # noqa: F401
from wecom.archive import fetch
from wecom.archive.enums import SealedReason
from wecom.models import ArchivedMessage, ArchiveRoom, SealedMessage

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

JOB = "wecom.archive.fetch:run"
SAID = ["第一条", "第二条", "第三条"]


def texts() -> list[str]:
    rows = ArchivedMessage.objects.filter(msgtype="text").order_by("seq")
    return [row.content["content"] for row in rows]


def heard(world: World) -> int:  # noqa: F811
    return sum(ArchiveRoom.objects.filter(room_id=world.chat_id).values_list("messages", flat=True))


@pytest.mark.parametrize(
    ("function", "after", "is_stored"),
    [
        ("fetch_page", True, False),  # opened, nothing written
        ("messages_store", True, False),  # rows written, the cursor not yet, nothing committed
        ("_note_gap", True, False),  # the last line before the cursor is saved
        ("store_page", True, True),  # committed, the claim not given back
    ],
)
def test_a_worker_killed_within_a_page_loses_and_doubles_nothing(
    world: World,  # noqa: F811
    function: str,
    after: bool,
    is_stored: bool,
) -> None:
    for text in SAID[:2]:
        world.say(world.staff, text)
    world.switch_on(version=2)  # a key we do not have: its message stays sealed
    world.say(world.staff, "封着的")
    world.switch_on(version=1)
    world.cursor_set(next_at=world.cursor().created_at)
    who = {"tenant_id": world.tenant.pk, "job": JOB, "app_id": world.app.pk}

    assert killing.kill_at(f"wecom.archive.fetch:{function}", after=after, **who)

    assert (texts() == SAID[:2], world.cursor().seq > 0) == (is_stored, is_stored)
    assert fetch.run(tenant_id=world.tenant.pk, app_id=world.app.pk) is False, "the dead worker's claim holds"
    world.say(world.staff, SAID[2])
    killing.leases_end("wecom_archivecursor")
    killing.run(**who)

    assert texts() == SAID
    assert heard(world) == ArchivedMessage.objects.filter(room_id=world.chat_id).count()
    assert [one.reason for one in SealedMessage.objects.all()] == [SealedReason.NO_KEY]
    assert world.cursor().leased_until is None


def test_a_worker_killed_between_two_pages_goes_on_with_the_second(
    world: World,  # noqa: F811
) -> None:
    for number in range(4):
        world.say(world.staff, f"第{number}条")
    world.cursor_set(next_at=world.cursor().created_at)
    who = {"tenant_id": world.tenant.pk, "job": "tests.reliability.test_archive_under_kill:small_pages"}

    assert killing.kill_at(
        "wecom.archive.fetch:messages_store", after=True, count=2, app_id=world.app.pk, **who
    )
    assert texts() == ["第0条", "第1条"], "the first page stands, the second was not committed"
    killing.leases_end("wecom_archivecursor")
    killing.run(app_id=world.app.pk, **who)

    assert texts() == [f"第{number}条" for number in range(4)]


def small_pages(*, tenant_id: int, app_id: int) -> None:
    """The archive's reading with two messages a page; called in the worker process."""
    fetch.PAGE = 2
    fetch.run(tenant_id=tenant_id, app_id=app_id)
