"""Every group beside WeCom's: the first read, and each night's comparison that finds what callbacks lost.

One call a group, because WeCom has no other way; where the answer is the one we know, nothing is written but the
freshness of some fifty groups in one statement.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import structlog

from groups.enums import LIVE_STATES
from groups.models import Group
from groups.policies import wire
from groups.selectors import counts
from groups.services.glance import glances_bring_up
from groups.services.membership import membership_dissolve
from groups.services.membership_read import Applied, Same, membership_apply_read, membership_confirm
from groups.services.reading import GONE_CODES, group_sync_full
from team.selectors import staff_contactable
from tenants import clock
from wecom.enums import LostKind
from wecom.errors import Permanent, Retryable
from wecom.gateway.client import WecomClient, client_for
from wecom.reading.sync import Lost, Progress

log = structlog.get_logger(__name__)

CHUNK = 50
TOO_MANY_STAFF = 81017  # more than 1,000 staff are visible: the list must be asked for owner by owner
OWNERS_A_CALL = 100


@dataclass(frozen=True)
class _Known:
    """What stood in our row when this slice began."""

    pk: int
    name: str
    synced_at: datetime | None
    digest: str
    revision: int
    is_live: bool


def groups_compare(*, tenant_id: int, app_id: int, progress: Progress) -> int:
    """Make every group that the app may see equal to WeCom's; end those that are gone.

    Returns how many changes no callback had told. Groups read since `progress.began_at` are left out, so a read
    that was cut off goes on where it stood. Raises Retryable, SliceOver. Safe to repeat.
    """
    client = client_for(tenant_id, app_id)
    listed = list(dict.fromkeys(row["chat_id"] for row in _listed(client, tenant_id)))
    known = _known(tenant_id, app_id)
    waiting = [one for one in listed if not _is_read(known.get(one), progress.began_at)]
    done, total = len(listed) - len(waiting), len(listed)
    progress(done, total, position={**progress.position, "app": app_id})
    for start in range(0, len(waiting), CHUNK):
        chunk = waiting[start : start + CHUNK]
        names = {one: known[one].name for one in chunk if one in known}
        comparison = _Chunk(client, tenant_id, known, progress)
        try:
            for number, chat_id in enumerate(chunk):
                comparison.read(chat_id)
                progress(done + number + 1, total, doing=names.get(chat_id, ""))
        finally:
            comparison.close()
        done += len(chunk)
        progress(done, total, doing=names.get(chunk[-1], ""), position=progress.position)
        progress.rest()
    _end_unlisted(tenant_id, app_id, sorted(set(known) - set(listed)), known, progress, total)
    return progress.lost_count


def _listed(client: WecomClient, tenant_id: int) -> Iterator[dict[str, str]]:
    try:
        yield from client.pages("groupchat_list", "group_chat_list", status_filter=0, limit=1000)
    except Permanent as error:
        if error.code != TOO_MANY_STAFF:
            raise
        owners = [one.userid for one in staff_contactable(tenant_id=tenant_id) if one.app_id == client.app.pk]
        for start in range(0, len(owners), OWNERS_A_CALL):
            some = {"userid_list": owners[start : start + OWNERS_A_CALL]}
            yield from client.pages(
                "groupchat_list", "group_chat_list", status_filter=0, limit=1000, owner_filter=some
            )


def _known(tenant_id: int, app_id: int) -> dict[str, _Known]:
    rows = Group.objects.filter(tenant_id=tenant_id, app_id=app_id, dismissed_at=None).exclude(chat_id="")
    columns = ("chat_id", "pk", "name", "synced_at", "read_digest", "revision", "state")
    return {
        chat_id: _Known(pk, name, synced_at, digest, revision, state in LIVE_STATES)
        for chat_id, pk, name, synced_at, digest, revision, state in rows.values_list(*columns)
    }


def _is_read(known: _Known | None, since: datetime) -> bool:
    return known is not None and known.synced_at is not None and known.synced_at >= since


class _Chunk:
    """Some groups of one pass: read one by one, what stayed the same is written at the end together."""

    def __init__(
        self, client: WecomClient, tenant_id: int, known: dict[str, _Known], progress: Progress
    ) -> None:
        self._client, self._tenant_id, self._known, self._progress = client, tenant_id, known, progress
        self._same: dict[str, tuple[Same, int]] = {}
        self._judged: list[int] = []

    def read(self, chat_id: str) -> None:
        known, read_at = self._known.get(chat_id), clock.now()
        try:
            answer = self._client.call("groupchat_get", chat_id=chat_id, need_name=1)
        except Permanent as error:
            if error.code not in GONE_CODES:
                raise
            return  # dissolved between the list and now: its event comes, or the next night asks
        digest = wire.digest_of(answer)
        if known and digest == known.digest:
            members = len(answer["group_chat"].get("member_list") or [])
            self._same[chat_id] = (Same(known.pk, known.revision, digest, read_at), members)
            return
        applied = membership_apply_read(
            tenant_id=self._tenant_id, app_id=self._client.app.pk, seen=wire.group_of(answer), read_at=read_at,
            base_revision=known.revision if known else None, digest=digest,
        )  # fmt: skip
        self._take(chat_id, applied or self._again(chat_id))

    def close(self) -> None:
        """Write what stayed the same, and judge what may have changed with the day or with its members."""
        seats = counts(tenant_id=self._tenant_id, group_ids=[one.group_id for one, _ in self._same.values()])
        for chat_id, (one, members) in list(self._same.items()):
            if seats[one.group_id].customers + seats[one.group_id].staff != members:
                del self._same[chat_id]  # the answer is known, but our rows are not what it says
                self._take(chat_id, self._again(chat_id))
        membership_confirm(tenant_id=self._tenant_id, same=[one for one, _ in self._same.values()])
        live = [one.group_id for chat_id, (one, _) in self._same.items() if self._known[chat_id].is_live]
        glances_bring_up(tenant_id=self._tenant_id, group_ids=[*self._judged, *live])
        self._same, self._judged = {}, []

    def _again(self, chat_id: str) -> Applied | None:
        return group_sync_full(tenant_id=self._tenant_id, app_id=self._client.app.pk, chat_id=chat_id)

    def _take(self, chat_id: str, applied: Applied | None) -> None:
        if applied is None:
            return
        self._judged.append(applied.group.pk)
        name = str(applied.group)
        if applied.changed is None:
            self._progress.lost([Lost(chat_id, name, LostKind.MADE)])
            return
        self._progress.lost(
            [
                Lost(chat_id, name, LostKind.MEMBERS, applied.missed),
                Lost(chat_id, name, LostKind.ABOUT, applied.changed),
            ]
        )


def _end_unlisted(
    tenant_id: int, app_id: int, gone: list[str], known: dict[str, _Known], progress: Progress, total: int
) -> None:
    """A group that the list leaves out may only be out of sight: WeCom is asked before it is ended."""
    for chat_id in gone:
        if chat_id <= progress.position.get("gone", ""):
            continue
        if _end_if_gone(tenant_id, app_id, chat_id):
            progress.lost([Lost(chat_id, known[chat_id].name, LostKind.DISSOLVED)])
        progress(total, total, doing=known[chat_id].name, position={**progress.position, "gone": chat_id})
        progress.rest()


def _end_if_gone(tenant_id: int, app_id: int, chat_id: str) -> bool:
    try:
        if group_sync_full(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id) is not None:
            return False
    except Retryable:
        raise
    except Permanent as error:
        log.info("group_out_of_sight", tenant_id=tenant_id, chat_id=chat_id, code=error.code)
        return False
    return membership_dissolve(tenant_id=tenant_id, app_id=app_id, chat_id=chat_id, at=clock.now())
