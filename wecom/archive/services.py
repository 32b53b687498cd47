"""Writes of the archive's set-up: secret, keys, pause, what a person has seen, consents by hand."""

from django.db import IntegrityError, transaction

from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.archive import keys, months
from wecom.archive.consent import Answer, consent_set_many
from wecom.archive.enums import ArchiveState, ConsentSource, KeySource, MessageSource
from wecom.archive.errors import KeyInUse, KeyRefused, NotSetUp, SecretMissing, VersionTaken, VersionWrong
from wecom.archive.models import ArchiveCursor, ArchiveKey
from wecom.archive.store import Opened, Stored, messages_store
from wecom.archive.wire import Message
from wecom.models import App

VERSION_MOST = 10_000


def archive_connect(*, tenant: Tenant, app_id: int, secret: str, actor: Actor) -> ArchiveCursor:
    """Store the archive's secret and have everything tried. Where reading stood stays.

    Raises App.DoesNotExist, SecretMissing, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.MANAGE)
    if not secret.strip():
        raise SecretMissing
    app = App.objects.get(tenant=tenant, pk=app_id)
    with transaction.atomic():
        row, created = ArchiveCursor.objects.get_or_create(tenant=tenant, app=app)
        row = ArchiveCursor.objects.select_for_update().get(tenant=tenant, pk=row.pk)
        row.secret, row.state = secret.strip(), ArchiveState.NEW
        row.secret_version = 1 if created else row.secret_version + 1
        row.error_code, row.error, row.attempts, row.checks = 0, "", 0, {}
        row.save()
        audit.record(tenant=tenant, actor=actor, verb="wecom.archive.connected", target=app)
        enqueue("wecom.check_archive", tenant_id=tenant.pk, app_id=app.pk)
    return row


def _locked(tenant: Tenant, app_id: int) -> ArchiveCursor:
    row = ArchiveCursor.objects.select_for_update().filter(tenant=tenant, app_id=app_id).first()
    if row is None or row.state == ArchiveState.OFF:
        raise NotSetUp
    return row


def archive_pause(*, tenant: Tenant, app_id: int, actor: Actor) -> None:
    """Read no further until resumed. WeCom holds five days. Safe to repeat."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = _locked(tenant, app_id)
        if row.state != ArchiveState.PAUSED:
            row.state = ArchiveState.PAUSED
            row.save(update_fields=["state"])
            audit.record(tenant=tenant, actor=actor, verb="wecom.archive.paused", target=row.app)


def archive_resume(*, tenant: Tenant, app_id: int, actor: Actor) -> None:
    """Read on from where it stood. Safe to repeat."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = _locked(tenant, app_id)
        if row.state == ArchiveState.PAUSED:
            row.state, row.next_at = ArchiveState.RUNNING, clock.now()
            row.save(update_fields=["state", "next_at"])
            audit.record(tenant=tenant, actor=actor, verb="wecom.archive.resumed", target=row.app)
            enqueue("wecom.fetch_archive", tenant_id=tenant.pk)


def archive_gap_seen(*, tenant: Tenant, app_id: int, actor: Actor) -> None:
    """A person has taken note of messages that nobody can bring back. Safe to repeat."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        row = _locked(tenant, app_id)
        if row.gap_until is None:
            return
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="wecom.archive.gap_seen",
            target=row.app,
            changes={"gap": [str(row.gap_from), str(row.gap_until)]},
        )
        row.gap_from = row.gap_until = None
        row.save(update_fields=["gap_from", "gap_until"])


def key_make(*, tenant: Tenant, app_id: int, actor: Actor) -> ArchiveKey:
    """A new pair, for the version after the last. Its public half is entered in the WeCom console."""
    require(actor, Permission.MANAGE)
    return _key_add(tenant, app_id, None, keys.make(), KeySource.MADE, actor)


def key_paste(*, tenant: Tenant, app_id: int, version: int, private_key: str, actor: Actor) -> ArchiveKey:
    """A pair made elsewhere. Raises KeyRefused, VersionWrong, VersionTaken, NotPermitted."""
    require(actor, Permission.MANAGE)
    try:
        pair = keys.read(private_key)
    except keys.KeyUnusable as error:
        raise KeyRefused from error
    return _key_add(tenant, app_id, version, pair, KeySource.PASTED, actor)


def _key_add(
    tenant: Tenant, app_id: int, version: int | None, pair: keys.Pair, source: KeySource, actor: Actor
) -> ArchiveKey:
    app = App.objects.get(tenant=tenant, pk=app_id)
    if version is not None and not 1 <= version <= VERSION_MOST:
        raise VersionWrong
    try:
        with transaction.atomic():
            known = ArchiveKey.objects.filter(tenant=tenant, app=app).order_by("-version")
            last = known.values_list("version", flat=True).first() or 0
            row = ArchiveKey.objects.create(
                tenant=tenant,
                app=app,
                version=version or last + 1,
                private_key=pair.private_key,
                public_key=pair.public_key,
                source=source,
                created_by=actor.name[:128],
            )
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="wecom.archive.key_added",
                target=app,
                changes={"version": [None, row.version]},
            )
            enqueue("wecom.open_sealed", tenant_id=tenant.pk, app_id=app.pk)
    except IntegrityError as error:
        raise VersionTaken from error
    return row


def key_set_version(*, tenant: Tenant, key_id: int, version: int, actor: Actor) -> ArchiveKey:
    """The console gave the public half another version than we thought.

    Raises VersionWrong, VersionTaken, KeyInUse, ArchiveKey.DoesNotExist. Safe to repeat.
    """
    require(actor, Permission.MANAGE)
    if not 1 <= version <= VERSION_MOST:
        raise VersionWrong
    try:
        with transaction.atomic():
            row = ArchiveKey.objects.select_for_update().get(tenant=tenant, pk=key_id)
            if row.version == version:
                return row
            if row.used_at is not None:
                raise KeyInUse
            before, row.version = row.version, version
            row.save(update_fields=["version"])
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="wecom.archive.key_renumbered",
                target=row.app,
                changes={"version": [before, version]},
            )
            enqueue("wecom.open_sealed", tenant_id=tenant.pk, app_id=row.app_id)
    except IntegrityError as error:
        raise VersionTaken from error
    return row


def sealed_retry_ask(*, tenant: Tenant, app_id: int, actor: Actor) -> None:
    """Have closed messages tried again. Safe to repeat."""
    require(actor, Permission.MANAGE)
    enqueue("wecom.open_sealed", tenant_id=tenant.pk, app_id=app_id)


def consent_record(
    *, tenant: Tenant, app_id: int, person_id: str, agreed: bool, ground: str, actor: Actor
) -> None:
    """A person told staff yes or no; `ground` says how. In force from now on. Safe to repeat."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        answer = Answer(
            person_id, agreed, clock.now(), ConsentSource.HAND.value, f"{actor.name}: {ground.strip()}"[:200]
        )
        consent_set_many(tenant_id=tenant.pk, app_id=app_id, answers=[answer])


def messages_import(*, tenant_id: int, app_id: int, messages: list[Message]) -> Stored:
    """Keep messages read from a file, in the caller's transaction. Whoever calls has asked for consent.

    Safe to repeat: a msgid counts once.
    """
    return messages_store(
        tenant_id=tenant_id,
        app_id=app_id,
        opened=[Opened(one) for one in messages],
        source=MessageSource.FILE,
    )


def months_ensure(messages: list[Message]) -> None:
    """Before `messages_import`: room for the months these messages are of."""
    months.ensure(one.sent_at for one in messages)
