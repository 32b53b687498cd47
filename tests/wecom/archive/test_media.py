"""Files of messages: in chunks, going on where it stopped, checked, and given up when WeCom no longer has them."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from tenants import clock, preferences
from tenants.models import AuditEntry, User
from tests.wecom.archive.conftest import World
from wecom.archive import media
from wecom.archive.enums import MEDIA_MB, MediaState
from wecom.archive.gateway import GatewayArchive
from wecom.models import ArchivedMedia

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def _own_storage(settings: LazySettings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def _kept() -> bytes:
    with default_storage.open(ArchivedMedia.objects.get().path) as file:
        return file.read()


def test_a_video_of_three_chunks_is_whole_and_has_wecoms_md5(world: World) -> None:
    world.say(world.staff, msgtype="video")
    world.fetch()
    media.run(tenant_id=world.tenant.pk)

    row = ArchivedMedia.objects.get()
    assert (row.state, row.size, row.chunks) == (MediaState.DONE, 1300 * 1024, 0)
    assert hashlib.md5(_kept(), usedforsecurity=False).hexdigest() == row.md5
    assert default_storage.listdir(row.path.rpartition("/")[0])[1] == [row.path.rpartition("/")[2]]


def test_a_file_that_storage_lost_says_so_and_counts_as_read_by_nobody(world: World) -> None:
    world.say(world.staff, msgtype="video")
    world.fetch()
    media.run(tenant_id=world.tenant.pk)
    row = ArchivedMedia.objects.get()
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    url = reverse("wecom:archive_file", kwargs={"tenant_slug": world.tenant.slug, "pk": row.pk})
    assert b"".join(client.get(url).streaming_content) == _kept()
    default_storage.delete(row.path)

    answer = client.get(url)

    assert answer.status_code == 404
    assert "ARCHIVE-07" in answer.text
    assert AuditEntry.objects.filter(verb="wecom.archive.file_read").count() == 1


def test_a_worker_killed_between_chunks_goes_on_with_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(world.staff, msgtype="video")
    world.fetch()
    asked: list[str] = []
    real = GatewayArchive.get_media_data

    def dies_at_the_third(self: GatewayArchive, handle: str, *, file_id: str, index_buf: str) -> Any:
        asked.append(index_buf)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return real(self, handle, file_id=file_id, index_buf=index_buf)

    monkeypatch.setattr(GatewayArchive, "get_media_data", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        media.run(tenant_id=world.tenant.pk)
    ArchivedMedia.objects.update(leased_until=None)
    media.run(tenant_id=world.tenant.pk)

    assert len(asked) == 4, "two chunks were not asked for again"
    assert ArchivedMedia.objects.get().state == MediaState.DONE
    assert len(_kept()) == 1300 * 1024


def test_a_file_wecom_no_longer_holds_is_marked_and_its_message_kept(world: World) -> None:
    world.say(world.staff, msgtype="image")
    world.simulator.ask("PATCH", f"/sim/corps/{world.app.corp_id}", archive={"file_life_s": 0.0})
    world.fetch()
    media.run(tenant_id=world.tenant.pk)

    row = ArchivedMedia.objects.get()
    assert (row.state, row.error_code) == (MediaState.EXPIRED, 301048)


def test_a_file_larger_than_the_tenant_keeps_is_not_fetched(world: World) -> None:
    world.tenant_sets(MEDIA_MB, 1)
    world.say(world.staff, msgtype="video")
    world.fetch()

    assert ArchivedMedia.objects.get().state == MediaState.TOO_BIG
    assert media.run(tenant_id=world.tenant.pk) is False


def test_a_damaged_file_is_fetched_again_from_the_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(world.staff, msgtype="image")
    world.fetch()
    ArchivedMedia.objects.update(md5="0" * 32)
    media.run(tenant_id=world.tenant.pk)
    row = ArchivedMedia.objects.get()
    assert (row.state, row.attempts, row.chunks, row.index_buf) == (MediaState.WAITING, 1, 0, "")
    assert row.next_at > clock.now()


def test_a_bad_line_puts_a_file_off(world: World) -> None:
    world.say(world.staff, msgtype="image")
    world.fetch()
    world.simulator.faults(world.app.corp_id, archive_network_p=1.0)
    media.run(tenant_id=world.tenant.pk)

    row = ArchivedMedia.objects.get()
    assert (row.state, row.error_code, row.leased_until) == (MediaState.WAITING, 10001, None)
    assert preferences.value(world.tenant.pk, MEDIA_MB) == 20
