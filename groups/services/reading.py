"""Reading one group from WeCom, after an event or to confirm it. The network stays outside transactions."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import takewhile

import structlog
from django.core.cache import cache

from groups.models import Group
from groups.policies import wire
from groups.policies.hearing import is_in
from groups.policies.wire import DISMISS, Change
from groups.services.glance import glance_refresh_soon
from groups.services.membership import Heard, membership_dissolve, membership_hear, membership_tell_late
from groups.services.membership_read import Applied, membership_apply_read
from outbox.dispatch import enqueue
from tenants import clock
from wecom.errors import Permanent, Retryable
from wecom.gateway.client import client_for

log = structlog.get_logger(__name__)

# "This chat id does not exist": dissolved, or outside what the app may see.
GONE_CODES = frozenset({86001, 86003})
READ_TRIES = 3  # against other workers that change the same group between our read and our write
LAG_PAUSES_S = (2, 10, 60, 600)  # group details lag the event (PROTOCOL 2.1): read again after these
CONFIRM_PAUSE_S = 10  # what events told is confirmed by one read for all events of this time
BUSY_PAUSE_S = 2
TOLD_TOGETHER = timedelta(minutes=1)  # who came within it is told to the others as one, with one moment
REREAD_TASK = "groups.reread_chat"


def group_changes_apply(*, tenant_id: int, app_id: int, chat_id: str, changes: Sequence[Change]) -> None:
    """React to change_external_chat events of one group, in the order in which they reached us. Safe to repeat, in
    any order, in parallel.

    Raises Retryable when WeCom cannot be asked now; what came before is applied then.
    """
    rest = list(changes)
    while rest:
        if rest[0].kind == DISMISS:
            membership_dissolve(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id, at=rest[0].occurred_at)
            rest = rest[1:]
            continue
        heard = membership_hear(tenant_id=tenant_id, app_id=app_id, changes=_at_once(rest))
        if Heard.NEXT in heard or Heard.DOUBTED in heard:
            _reread_soon(tenant_id, app_id, chat_id, pause_s=CONFIRM_PAUSE_S)
        if heard[-1] is Heard.UNFIT:
            _read_for(tenant_id, app_id, rest[len(heard) - 1])
        rest = rest[len(heard) :]


def _at_once(changes: Sequence[Change]) -> list[Change]:
    """The first of them that are told to the others as one: before the group's end, and within a minute."""
    until = changes[0].occurred_at + TOLD_TOGETHER
    return list(takewhile(lambda one: one.kind != DISMISS and one.occurred_at <= until, changes))


def _read_for(tenant_id: int, app_id: int, change: Change) -> None:
    """Ask WeCom what is true after an event that leaves it open."""
    applied = group_sync_full(tenant_id=tenant_id, app_id=app_id, chat_id=change.chat_id, change=change)
    if applied is None:
        return
    glance_refresh_soon(tenant_id=tenant_id, group_id=applied.group.pk)
    if applied.shows_change or change.current_version in ("", applied.group.member_version):
        return
    if is_in(applied.group.synced_at, change):  # the group has moved on since, or the answer lagged much
        _reread_soon(tenant_id, app_id, change.chat_id, pause_s=CONFIRM_PAUSE_S)
    else:
        _reread_later(tenant_id, app_id, change.chat_id, change.current_version, attempt=0)


def group_sync_full(
    *, tenant_id: int, app_id: int, chat_id: str, change: Change | None = None
) -> Applied | None:
    """Read one group from WeCom and make ours equal. None: WeCom does not know the group (any more).

    Safe to repeat. Raises Retryable when WeCom cannot be asked now, or the group never stood still.
    """
    client = client_for(tenant_id, app_id)
    for _ in range(READ_TRIES):
        base = (
            Group.objects.filter(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id)
            .values_list("revision", flat=True)
            .first()
        )
        read_at = clock.now()
        try:
            answer = client.call("groupchat_get", chat_id=chat_id, need_name=1)
        except Permanent as error:
            if error.code not in GONE_CODES:
                raise
            if change is not None and change.userids:
                membership_tell_late(tenant_id=tenant_id, app_id=app_id, change=change)
            return None
        applied = membership_apply_read(
            tenant_id=tenant_id, app_id=app_id, seen=wire.group_of(answer), read_at=read_at,
            base_revision=base, change=change, digest=wire.digest_of(answer),
        )  # fmt: skip
        if applied is not None:
            return applied
    raise Retryable(
        f"{chat_id} keeps changing", retry_at=clock.now() + timedelta(seconds=BUSY_PAUSE_S), counts=False
    )


def group_reread(
    *, tenant_id: int, app_id: int, chat_id: str, wanted_version: str = "", attempt: int = 0
) -> None:
    """Read a group again because its details lagged, or to confirm deltas. Gives up quietly after the last
    pause: the nightly sync compares everything. Safe to repeat."""
    cache.delete(_confirm_key(tenant_id, app_id, chat_id))
    if _is_read(tenant_id, app_id, chat_id, wanted_version):
        return
    applied = group_sync_full(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id)
    if applied is None:
        return
    glance_refresh_soon(tenant_id=tenant_id, group_id=applied.group.pk)
    if wanted_version not in ("", applied.group.member_version):
        _reread_later(tenant_id, app_id, chat_id, wanted_version, attempt=attempt + 1)


def _is_read(tenant_id: int, app_id: int, chat_id: str, wanted_version: str) -> bool:
    """Whether another read came between: the state is WeCom's own answer, and of the version that was waited for."""
    group = Group.objects.filter(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id).first()
    return group is not None and group.read_digest != "" and wanted_version in ("", group.member_version)


def _reread_later(tenant_id: int, app_id: int, chat_id: str, wanted_version: str, *, attempt: int) -> None:
    if attempt >= len(LAG_PAUSES_S):
        log.info("group_version_not_reached", tenant_id=tenant_id, chat_id=chat_id)
        return
    enqueue(
        REREAD_TASK, tenant_id=tenant_id, countdown_s=LAG_PAUSES_S[attempt], app_id=app_id, chat_id=chat_id,
        wanted_version=wanted_version, attempt=attempt,
    )  # fmt: skip


def _confirm_key(tenant_id: int, app_id: int, chat_id: str) -> str:
    return f"groups:confirm:{tenant_id}:{app_id}:{chat_id}"


def _reread_soon(tenant_id: int, app_id: int, chat_id: str, *, pause_s: int) -> None:
    """One read for all deltas of the next seconds: it confirms them and brings invitor, channel and nickname."""
    if cache.add(_confirm_key(tenant_id, app_id, chat_id), 1, timeout=pause_s * 6):
        enqueue(REREAD_TASK, tenant_id=tenant_id, countdown_s=pause_s, app_id=app_id, chat_id=chat_id)
