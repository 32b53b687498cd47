"""Writes of the WeCom door: queue a send, use quota, connect and repair an app, decide what is stuck."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from outbox.dispatch import enqueue
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tenants.services import require
from wecom.adapters import ADAPTERS, payload_problem
from wecom.enums import AppState, SendKind, SendState
from wecom.errors import AppInvalid, AppTaken
from wecom.gateway.limits import CorpGate
from wecom.gateway.standing import app_set_state as app_set_state
from wecom.inbox import crypto, wake
from wecom.keeping.kept_rules import WELCOME_PARTS
from wecom.models import App, OutboundSend
from wecom.reading import sync
from wecom.sending.ledger import quota_return as quota_return
from wecom.sending.ledger import quota_use as quota_use
from wecom.sending.ledger import quota_use_many as quota_use_many
from wecom.sending.own_reach import reach_count as reach_count
from wecom.welcomes.sayable import welcome_checked, welcome_kept

_CANCEL = """
update wecom_outboundsend set state = 'cancelled', finished_at = %s
where tenant_id = %s and key = any(%s) and state = 'queued' returning key
"""


@dataclass(frozen=True, kw_only=True)
class SendDraft:
    """One call to queue. `key` names it for ever; `not_before` (UTC) None: now. Payloads: see `send_queue`."""

    kind: str
    key: str
    payload: dict[str, Any]
    ref_kind: str = ""
    ref_id: int = 0
    not_before: datetime | None = None
    app_id: int | None = None


def send_queue(
    *,
    tenant: Tenant | int,
    kind: str,
    key: str,
    payload: dict[str, Any],
    ref_kind: str = "",
    ref_id: int = 0,
    not_before: datetime | None = None,
    app_id: int | None = None,
) -> OutboundSend:
    """Queue one call to WeCom inside the caller's transaction; a worker makes it after the commit.

    Safe to repeat: the same key returns the row that exists, whatever became of it. Raises ValueError for a
    payload that can never be sent. Payloads:
    app_message {touser: [userid], msgtype, content: object of that msgtype};
    mass_send {chat_type: "group"|"single", sender, chat_ids|external_userids, text, attachments: [<=9]};
    remind_mass_send and cancel_mass_send {msgid}; welcome {welcome_code, text, attachments};
    transfer_groups {chat_ids: [<=100], new_owner, is_resigned: true where the owner left};
    transfer_customers {handover_userid, takeover_userid, external_userids: [<=100], is_resigned, asked_before: those
    of them that were asked for between the two before};
    mark_tag {userid, external_userid, add_tag|remove_tag: [WeCom's tag id]}.
    """
    draft = SendDraft(
        kind=kind, key=key, payload=payload, ref_kind=ref_kind, ref_id=ref_id, not_before=not_before, app_id=app_id
    )  # fmt: skip
    return send_queue_many(tenant=tenant, sends=[draft])[0]


def send_queue_many(*, tenant: Tenant | int, sends: Sequence[SendDraft]) -> list[OutboundSend]:
    """`send_queue` for many at once: one insert and one read, whatever their number. Rows in the order given.

    Two drafts of one key are one row, the first one's. Raises ValueError before anything is written.
    """
    if not sends:
        return []
    tenant_id, now = tenant if isinstance(tenant, int) else tenant.pk, clock.now()
    for draft in sends:
        problem = payload_problem(draft.kind, draft.payload)
        if problem:
            raise ValueError(problem)
    drafts = {draft.key: draft for draft in reversed(sends)}
    OutboundSend.objects.bulk_create(
        [_send_row(tenant_id, drafts[key], now) for key in sorted(drafts)],
        ignore_conflicts=True,
        batch_size=1000,
    )
    rows = {row.key: row for row in OutboundSend.objects.filter(tenant_id=tenant_id, key__in=list(drafts))}
    if any(row.state == SendState.QUEUED and row.next_at <= now for row in rows.values()):
        wake.outbound(tenant_id=tenant_id)
    return [rows[draft.key] for draft in sends]


def _send_row(tenant_id: int, draft: SendDraft, now: datetime) -> OutboundSend:
    next_at = draft.not_before or now
    return OutboundSend(
        tenant_id=tenant_id,
        key=draft.key,
        kind=SendKind(draft.kind),
        payload=draft.payload,
        ref_kind=draft.ref_kind,
        ref_id=draft.ref_id,
        created_at=now,
        next_at=next_at,
        expires_at=next_at + ADAPTERS[draft.kind].lasts,
        app_id=draft.app_id,
    )


def send_cancel(*, tenant: Tenant | int, key: str) -> bool:
    """Take back a send that no worker has claimed. Returns whether it was. Safe to repeat."""
    tenant_id = tenant if isinstance(tenant, int) else tenant.pk
    return bool(sends_cancel(tenant_id=tenant_id, keys=[key]))


def sends_cancel(*, tenant_id: int, keys: Sequence[str]) -> set[str]:
    """`send_cancel` for many: the keys of those that were taken back, by one statement. Safe to repeat."""
    if not keys:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_CANCEL, [clock.now(), tenant_id, list(keys)])
        return {key for (key,) in cursor.fetchall()}


def send_amend(*, tenant_id: int, send_id: int, changes: dict[str, Any]) -> bool:
    """Change the payload of a send that no worker has claimed. Returns whether it was. Safe to repeat.

    Raises ValueError for a payload that can never be sent.
    """
    with transaction.atomic():
        row = OutboundSend.objects.select_for_update().get(tenant_id=tenant_id, pk=send_id)
        if row.state != SendState.QUEUED:
            return False
        row.payload = row.payload | changes
        if problem := payload_problem(row.kind, row.payload):
            raise ValueError(problem)
        row.save(update_fields=["payload"])
    return True


def send_copy(*, tenant_id: int, send_id: int, key: str, changes: dict[str, Any]) -> OutboundSend:
    """Queue what a send said once more under a key of its own, with changes in its payload. Safe to repeat.

    Raises ValueError for a payload that can never be sent.
    """
    row = OutboundSend.objects.get(tenant_id=tenant_id, pk=send_id)
    return send_queue(
        tenant=tenant_id,
        kind=row.kind,
        key=key,
        payload=row.payload | changes,
        ref_kind=row.ref_kind,
        ref_id=row.ref_id,
        app_id=row.app_id,
    )


def app_connect(
    *, tenant: Tenant, corp_id: str, agent_id: int, secret: str, actor: Actor, corp_name: str = ""
) -> App:
    """Enter an app with callback keys made by us. Its state is `new` until a check succeeds.

    Raises AppInvalid, AppTaken, NotPermitted. Not safe to repeat: the same app twice is AppTaken.
    """
    require(actor, Permission.MANAGE)
    corp_id, secret = corp_id.strip(), secret.strip()
    if not corp_id or not secret or agent_id <= 0:
        raise AppInvalid
    try:
        with transaction.atomic():
            app = App.objects.create(
                tenant=tenant,
                corp_id=corp_id,
                corp_name=corp_name,
                agent_id=agent_id,
                secret=secret,
                token=crypto.new_token(),
                aes_key=crypto.new_aes_key(),
                slug=secrets.token_hex(12),
            )
            audit.record(tenant=tenant, actor=actor, verb="wecom.app.connected", target=app)
            enqueue("wecom.check_app", tenant_id=tenant.pk, app_id=app.pk)
    except IntegrityError as error:
        raise AppTaken from error
    return app


def app_rotate_secret(
    *, tenant: Tenant, app_id: int, secret: str, actor: Actor, corp_id: str = "", agent_id: int = 0
) -> App:
    """Store a new secret (and a corrected corp or agent id) and lift every stop of this corp.

    Old tokens are not used any more. Raises App.DoesNotExist, AppInvalid, NotPermitted. Safe to repeat.
    """
    require(actor, Permission.MANAGE)
    if not secret.strip():
        raise AppInvalid
    with transaction.atomic():
        app = App.objects.select_for_update().get(tenant=tenant, pk=app_id)
        app.secret, app.secret_version = secret.strip(), app.secret_version + 1
        app.corp_id, app.agent_id = corp_id.strip() or app.corp_id, agent_id or app.agent_id
        app.checks = {key: one for key, one in app.checks.items() if key == "callback"}
        app.save(update_fields=["secret", "secret_version", "corp_id", "agent_id", "checks"])
        app_set_state(app=app, state=AppState.NEW)
        audit.record(tenant=tenant, actor=actor, verb="wecom.app.secret_rotated", target=app)
    CorpGate(tenant_id=tenant.pk, corp_id=app.corp_id).forget()
    enqueue("wecom.check_app", tenant_id=tenant.pk, app_id=app.pk)
    return app


def app_rotate_keys(*, tenant: Tenant, app_id: int, actor: Actor) -> App:
    """Make a new callback token and AES key. The console must be given them before callbacks work again."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        app = App.objects.select_for_update().get(tenant=tenant, pk=app_id)
        app.token, app.aes_key, app.verified_at = crypto.new_token(), crypto.new_aes_key(), None
        app.save(update_fields=["token", "aes_key", "verified_at"])
        audit.record(tenant=tenant, actor=actor, verb="wecom.app.keys_rotated", target=app)
    return app


def app_pause(*, tenant: Tenant, app_id: int, actor: Actor) -> App:
    """No call goes out until resumed; callbacks are still stored. Safe to repeat.

    Only of a connected app: resuming must not make one connected that no check has found to work.
    """
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        app = App.objects.select_for_update().get(tenant=tenant, pk=app_id)
        if app.state == AppState.CONNECTED:
            app_set_state(app=app, state=AppState.PAUSED)
            audit.record(tenant=tenant, actor=actor, verb="wecom.app.paused", target=app)
    return app


def app_resume(*, tenant: Tenant, app_id: int, actor: Actor) -> App:
    """Let calls go out again. Safe to repeat."""
    require(actor, Permission.MANAGE)
    with transaction.atomic():
        app = App.objects.select_for_update().get(tenant=tenant, pk=app_id)
        if app.state == AppState.PAUSED:
            app_set_state(app=app, state=AppState.CONNECTED)
            audit.record(tenant=tenant, actor=actor, verb="wecom.app.resumed", target=app)
    wake.outbound(tenant_id=tenant.pk)
    return app


def app_callback_seen(*, tenant_id: int, app_id: int) -> None:
    """Note the first URL check that succeeded. Safe to repeat."""
    with tenant_scope(tenant_id):
        App.objects.filter(tenant_id=tenant_id, pk=app_id, verified_at=None).update(verified_at=clock.now())


def sync_request(tenant_id: int, what: str = "") -> None:
    """Ask for a full first read of one kind of data, or of all. Safe to repeat while one is running."""
    sync.request(tenant_id=tenant_id, what=what)


def app_set_greeting(
    *, tenant: Tenant, app_id: int, greeting: str, actor: Actor, parts: list[dict[str, Any]] | None = None
) -> App:
    """Set the welcome of new customers; `parts` None leaves what comes along. Nothing at all sends none.

    Raises App.DoesNotExist, NotPermitted, a DomainError for words that may not be sent. Safe to repeat.
    """
    require(actor, Permission.OPERATE)
    welcome_checked(tenant=tenant, text=greeting, parts=parts or ())
    with transaction.atomic():
        app = App.objects.select_for_update().get(tenant=tenant, pk=app_id)
        before = [app.greeting, list(app.greeting_parts)]
        app.greeting = greeting.strip()
        app.greeting_parts = app.greeting_parts if parts is None else parts[:WELCOME_PARTS]
        app.save(update_fields=["greeting", "greeting_parts"])
        changes: dict[str, Any] = {"greeting": [before[0], app.greeting]}
        if before[1] != app.greeting_parts:
            changes["greeting_parts"] = [len(before[1]), len(app.greeting_parts)]
        audit.record(tenant=tenant, actor=actor, verb="wecom.app.greeting_set", target=app, changes=changes)
        welcome_kept(tenant=tenant)
        enqueue("wecom.renew_media", tenant_id=tenant.pk)
    return app
