"""What we keep at WeCom under an id of its own: contact codes, group codes, group welcome templates.

A row says what is wanted (`revision`); the outbound queue brings it to WeCom, one call of a row at a time; the
outcome comes back as SendFinished. WeCom makes a new thing at every repeated creation, so a creation whose outcome
is unknown is looked for by its `state`, and what cannot be found waits for a person (`unknown`): it is never made
twice by itself. Source: PROTOCOL 3.4, 3.5, 3.7.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import structlog
from django.conf import settings
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from tenants import clock
from tenants.scoping import TenantModel
from wecom.enums import KeptState, SendKind, SendState
from wecom.errors import Permanent, Stopped
from wecom.events import SendFinished
from wecom.models import OutboundSend
from wecom.services import send_queue

log = structlog.get_logger(__name__)

MAKE, CHANGE, REMOVE = "make", "change", "remove"
PICTURE_BYTES = 512 * 1024
PICTURE_TYPES = ("image/png", "image/jpeg", "image/svg+xml")
PICTURE_TIMEOUT_S = 10


class Kept(TenantModel):
    """The columns of a row that WeCom keeps a copy of. `vendor_id` is WeCom's id: "" while there is none.

    `revision` counts what people wanted, `sent_revision` is the last that WeCom took. `is_sending`: a call is queued
    or under way. `is_ending`: a person wants it removed.
    """

    app = models.ForeignKey("wecom.App", on_delete=models.PROTECT, related_name="+", db_index=False)
    vendor_id = models.CharField(max_length=128, blank=True)
    status = models.CharField(max_length=12, choices=KeptState, default=KeptState.WAITING)
    revision = models.PositiveIntegerField(default=1)
    sent_revision = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    is_sending = models.BooleanField(default=False)
    is_ending = models.BooleanField(default=False)
    error = models.CharField(max_length=500, blank=True)
    error_code = models.IntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=128, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    KEPT_FIELDS: ClassVar[tuple[str, ...]] = (
        "vendor_id", "status", "revision", "sent_revision", "attempt", "is_sending", "is_ending", "error",
        "error_code", "ended_at",
    )  # fmt: skip

    @property
    def is_usable(self) -> bool:
        """Whether WeCom has it now, whatever became of a later change."""
        return bool(self.vendor_id) and self.ended_at is None


@dataclass(frozen=True)
class KeptKind:
    """One sort of kept thing: `ref_kind` names it in sends; the calls by their names in `endpoints`.

    `fields(row)` are those of creation and change; `extra(row)` rides in the payload for the adapter alone.
    """

    ref_kind: str
    id_field: str
    make: str
    change: str
    remove: str
    fields: Callable[[Any], dict[str, Any]]
    extra: Callable[[Any], dict[str, Any]] = lambda row: {}


def _next(row: Kept) -> str:
    if row.is_ending:
        return REMOVE if row.vendor_id else ""
    if not row.vendor_id:
        return MAKE
    return CHANGE if row.revision > row.sent_revision else ""


def push(kind: KeptKind, row: Any) -> None:
    """Queue the next call of a locked row, if one is due and none is under way. Saves the row.

    In the caller's transaction. Safe to repeat. An unknown creation blocks until somebody decides (`make_again`).
    """
    if row.is_sending or row.ended_at is not None or row.status == KeptState.UNKNOWN:
        row.save()
        return
    step = _next(row)
    if not step:
        row.status = KeptState.ENDED if row.is_ending else KeptState.LIVE
        row.ended_at = clock.now() if row.is_ending else None
        row.save()
        return
    row.is_sending, row.status, row.attempt = True, KeptState.WAITING, row.attempt + 1
    row.save()
    own = {} if step == MAKE else {kind.id_field: row.vendor_id}
    send_queue(
        tenant=row.tenant_id,
        kind=SendKind.KEPT_MAKE if step == MAKE else SendKind.KEPT_CHANGE,
        key=_key(kind, row),
        payload={
            "step": step,
            "call": {MAKE: kind.make, CHANGE: kind.change, REMOVE: kind.remove}[step],
            "fields": own if step == REMOVE else {**own, **kind.fields(row)},
            "revision": row.revision,
            **({} if step == REMOVE else kind.extra(row)),
        },
        ref_kind=kind.ref_kind,
        ref_id=row.pk,
        app_id=row.app_id,
    )


def _key(kind: KeptKind, row: Kept) -> str:
    return f"{kind.ref_kind}:{row.pk}:{row.attempt}"


def settle(kind: KeptKind, row: Any, event: SendFinished) -> dict[str, Any]:
    """Record the outcome of a locked row's call and queue what is due next: also what was wanted meanwhile.

    Returns WeCom's answer, {} where there is none. In the caller's transaction. Safe to repeat: an outcome of an
    earlier attempt changes nothing.
    """
    send = OutboundSend.objects.get(tenant_id=row.tenant_id, pk=event.send_id)
    if send.key != _key(kind, row) and send.payload.get("step") != MAKE:
        return {}
    if send.payload.get("step") == MAKE and row.vendor_id:
        return {}
    row.is_sending = False
    if event.state == SendState.DONE and (row.vendor_id or event.vendor_id):
        _done(row, send, event)
        push(kind, row)
        return dict(send.answer)
    row.error, row.error_code = event.error[:500], event.error_code
    is_lost = event.state in (SendState.UNKNOWN, SendState.DONE)
    row.status = KeptState.UNKNOWN if is_lost and not row.vendor_id else KeptState.FAILED
    row.save()
    return {}


def _done(row: Any, send: OutboundSend, event: SendFinished) -> None:
    row.error, row.error_code, row.status = "", 0, KeptState.WAITING
    if send.payload["step"] == REMOVE:
        row.status, row.ended_at, row.is_ending = KeptState.ENDED, clock.now(), True
        return
    row.vendor_id = row.vendor_id or event.vendor_id
    row.sent_revision = max(row.sent_revision, int(send.payload["revision"]))


def fields_at_wecom(kind: KeptKind, rows: Sequence[Any]) -> dict[int, dict[str, Any]]:
    """{row id: the fields as WeCom last took them} of rows that it has; what was wanted since is not in them.

    One query, none without such a row.
    """
    there = [row for row in rows if row.is_usable]
    if not there:
        return {}
    sends = OutboundSend.objects.filter(
        tenant_id=there[0].tenant_id, ref_kind=kind.ref_kind, ref_id__in=[row.pk for row in there],
        state=SendState.DONE,
    ).order_by("ref_id", "-pk").distinct("ref_id")  # fmt: skip
    return dict(sends.values_list("ref_id", "payload__fields"))


def make_again(kind: KeptKind, row: Any) -> None:
    """A person decides that an unknown creation did not happen (or does not matter): make it anew.

    The parked call is closed, so that nobody sends it again. In the caller's transaction, on a locked row.
    """
    OutboundSend.objects.filter(
        tenant_id=row.tenant_id, key=_key(kind, row), state__in=[SendState.UNKNOWN, SendState.FAILED]
    ).update(state=SendState.CANCELLED, finished_at=clock.now())
    row.status, row.is_sending, row.error, row.error_code = KeptState.WAITING, False, "", 0
    push(kind, row)


def ask_again(kind: KeptKind, row: Any) -> None:
    """A person lets a refused call of a locked row be made again, or a creation nobody can find be made anew."""
    if row.status == KeptState.UNKNOWN:
        make_again(kind, row)
    else:
        push(kind, row)


def mark_gone(rows: models.QuerySet[Any]) -> None:
    """Somebody removed these in the WeCom console. A row with a call under way waits for its outcome."""
    rows.filter(ended_at=None, is_sending=False).update(
        status=KeptState.ENDED, ended_at=clock.now(), error=_("Removed in the WeCom console")
    )


def check_each(rows: models.QuerySet[Any], read: Callable[[int], bool]) -> int:
    """Read every row that WeCom has; what it refuses is put down there. Returns how many were gone.

    `read(id)` says whether it still exists. Raises Retryable and Stopped.
    """
    gone = 0
    for pk in rows.filter(ended_at=None).exclude(vendor_id="").order_by("pk").values_list("pk", flat=True):
        try:
            gone += not read(pk)
        except Stopped:
            raise
        except Permanent as error:
            rows.filter(pk=pk).update(error=str(error)[:500])
    return gone


def counts(rows: models.QuerySet[Any]) -> dict[str, int]:
    """How many: `live`, `ended`, `waiting` for a person. One query."""
    return rows.aggregate(
        live=Count("pk", filter=Q(ended_at=None)),
        ended=Count("pk", filter=Q(ended_at__isnull=False)),
        waiting=Count("pk", filter=Q(status__in=[KeptState.UNKNOWN, KeptState.FAILED], ended_at=None)),
    )


def picture(url: str) -> str:
    """The picture behind an address that WeCom gave, as a data URI; "" when it cannot be had now.

    Needs no scope; asks the network, so never inside a transaction. Redirects are not followed.
    """
    parts = urlsplit(url)
    own = urlsplit(settings.WECOM_API_BASE)
    if parts.scheme != "https" and (parts.scheme, parts.netloc) != (own.scheme, own.netloc):
        return ""
    try:
        with httpx.Client(timeout=PICTURE_TIMEOUT_S, trust_env=False, follow_redirects=False) as http:
            answer = http.get(url)
    except httpx.HTTPError as error:
        log.warning("picture_not_read", error=type(error).__name__)
        return ""
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if answer.status_code != 200 or kind not in PICTURE_TYPES or len(answer.content) > PICTURE_BYTES:
        return ""
    return f"data:{kind};base64,{base64.b64encode(answer.content).decode()}"
