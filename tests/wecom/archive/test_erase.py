"""A person's messages are taken out for good, with their files; nobody else's are."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from tenants import clock
from tenants.audit import Actor
from tenants.errors import NotPermitted
from tenants.models import AuditEntry, Tenant
from tenants.roles import PERMISSIONS
from tenants.scoping import tenant_scope
from tests.factories.wecom import make_app
from tests.wecom.archive.conftest import World
from wecom.archive import media, months
from wecom.archive.enums import SealedReason
from wecom.archive.erasing import Erased, archive_erase
from wecom.archive.gateway import GatewayArchive
from wecom.models import ArchiveConsent, ArchivedMedia, ArchivedMessage, SealedMessage

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def storage(settings: LazySettings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def files_in(folder: Path) -> list[Path]:
    return [one for one in folder.rglob("*") if one.is_file()]


@pytest.fixture
def talked(world: World) -> World:
    """One customer spoke in the group and in private, with a picture; another one and a member did too."""
    person, other = world.customers[:2]
    for who in (person, other):
        world.act("consent", external_userid=who, agree=True)
    ties = world.simulator.ask("GET", f"/sim/ledger?corp_id={world.app.corp_id}")["relations"]
    friend = next((one["userid"] for one in ties if one["external_userid"] == person), "")
    if not friend:
        friend = world.staff
        world.simulator.act(
            "customer/add-staff", corp_id=world.app.corp_id, userid=friend, external_userid=person
        )
    world.say(person, "群里说的")
    world.say(person, msgtype="image")
    world.say(other, "别人说的")
    world.say(other, msgtype="image")
    world.say(world.staff, "老师说的")
    private = {"chat_id": "", "to": person, "text": "私下答的"}
    world.say(friend, **private)
    world.fetch()
    media.run(tenant_id=world.tenant.pk)
    return world


def test_what_a_person_wrote_and_was_told_in_private_is_gone_with_its_files(
    talked: World, storage: Path
) -> None:
    person, other = talked.customers[:2]
    before = len(files_in(storage))
    assert (before, ArchivedMedia.objects.count()) == (2, 2)

    erased = archive_erase(tenant=talked.tenant, external_userid=person, actor=talked.owner)

    said = ArchivedMessage.objects.filter(msgtype="text").values_list("content__content", flat=True)
    assert set(said) == {"别人说的", "老师说的"}
    assert not ArchivedMessage.objects.filter(sender_id=person).exists()
    assert (erased.files, len(files_in(storage)), ArchivedMedia.objects.count()) == (1, 1, 1)
    kept = ArchivedMedia.objects.get()
    assert ArchivedMessage.objects.get(msgid=kept.msgid).sender_id == other
    assert set(ArchiveConsent.objects.values_list("person_id", flat=True)) == {person, other}


def test_an_erasure_is_audited_and_doing_it_again_finds_nothing(talked: World) -> None:
    person = talked.customers[0]
    first = archive_erase(tenant=talked.tenant, external_userid=person, actor=talked.owner)
    again = archive_erase(tenant=talked.tenant, external_userid=person, actor=talked.owner)

    assert first.messages > 0
    assert again == Erased()
    entry = AuditEntry.objects.filter(verb="wecom.archive.erased").order_by("pk").first()
    assert entry is not None
    assert (entry.actor_name, entry.changes["messages"], entry.changes["person"]) == (
        talked.owner.name,
        [first.messages, 0],
        [person, None],
    )
    assert "群里说的" not in str(entry.changes)


def test_what_nobody_could_read_and_names_the_person_goes_too(talked: World) -> None:
    row = {"tenant": talked.tenant, "app": talked.app, "random_key": "", "sealed": ""}
    for number, who in enumerate(talked.customers[:2]):
        SealedMessage.objects.create(
            seq=900 + number,
            msgid=f"x{number}",
            reason=SealedReason.UNREADABLE,
            raw=f'{{"from":"{who}"',
            **row,
        )

    erased = archive_erase(tenant=talked.tenant, external_userid=talked.customers[0], actor=talked.owner)

    assert erased.unread == 1
    assert [one.msgid for one in SealedMessage.objects.all()] == ["x1"]


def test_another_company_keeps_what_it_holds_of_the_same_person(
    tenant: Tenant, other_tenant: Tenant, owner: Actor
) -> None:
    for one in (tenant, other_tenant):
        with tenant_scope(one):
            ArchivedMessage.objects.create(
                tenant=one,
                app=make_app(tenant=one),
                msgid="m",
                action="send",
                sender_id="wm1",
                sent_at=clock.now(),
            )
    with tenant_scope(tenant):
        erased = archive_erase(tenant=tenant, external_userid="wm1", actor=owner)
    with tenant_scope(other_tenant):
        left = ArchivedMessage.objects.count()

    assert (erased.messages, left) == (1, 1)


def test_who_may_not_manage_may_not_erase(talked: World) -> None:
    clerk = Actor("user", talked.owner.id, "文员", PERMISSIONS["operator"])
    with pytest.raises(NotPermitted):
        archive_erase(tenant=talked.tenant, external_userid=talked.customers[0], actor=clerk)
    assert ArchivedMessage.objects.filter(sender_id=talked.customers[0]).exists()


def test_a_file_under_way_leaves_nothing_behind_when_its_message_is_erased(
    world: World, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.say(world.staff, msgtype="video")
    world.fetch()
    real = GatewayArchive.get_media_data
    asked: list[str] = []

    def erased_at_the_second(self: GatewayArchive, handle: str, *, file_id: str, index_buf: str) -> Any:
        asked.append(index_buf)
        if len(asked) == 2:
            months.media_forget(ArchivedMedia.objects.filter(tenant=world.tenant))
        return real(self, handle, file_id=file_id, index_buf=index_buf)

    monkeypatch.setattr(GatewayArchive, "get_media_data", erased_at_the_second)
    media.run(tenant_id=world.tenant.pk)

    assert (len(asked), ArchivedMedia.objects.count(), files_in(storage)) == (2, 0, [])
