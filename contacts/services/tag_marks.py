"""WeCom's tags that are put on or taken off here are written there too (R32): a call a relation of staff and customer.

A mark says what is wanted; the outbound queue brings it to WeCom, one call of a mark at a time, so that two of them
cannot overtake each other. A tie with the source "wecom" says what WeCom carries: it comes and goes with the answer.
Reading WeCom changes nothing of a mark that was written after the reading began. Source: PROTOCOL 3.3.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Q

from contacts.enums import FollowState, MarkState, TagEnd, TagSource
from contacts.models import CustomerTag, Follow, Tag, TagMark
from tenants import clock
from wecom.enums import SendKind, SendState
from wecom.events import SendFinished
from wecom.selectors import send_get
from wecom.services import SendDraft, send_queue_many, sends_cancel

REF_KIND = "contacts.tagmark"
PACE_A_SECOND = 10  # many tags at once leave room for what people wait for
Pair = tuple[int, int]  # customer id, tag id
Relation = tuple[int, int, int]  # customer id, tag id, staff id
_HERE = (TagSource.MANUAL, TagSource.RULE)
_END = """
with gone as (
  delete from contacts_customertag where tenant_id = %s and id = any(%s)
  returning tenant_id, customer_id, tag_id, staff_id, source, added_at, added_by, evidence
), kept as (
  insert into contacts_tagpast (tenant_id, customer_id, tag_id, staff_id, source, added_at, added_by, evidence,
    ended_at, ended_by, why)
  select gone.*, %s, %s, %s from gone
)
select g.customer_id, g.tag_id, t.app_id is not null and g.source <> 'wecom'
from gone g join contacts_tag t on t.tenant_id = g.tenant_id and t.id = g.tag_id
"""


def ties_end(*, tenant_id: int, tie_ids: Iterable[int], why: str, by: str = "") -> int:
    """Take tags off and keep that they were there; what was written to WeCom for them is taken off there too.

    In the caller's transaction; of two callers one does it. Returns how many came off.
    """
    ids = sorted(set(tie_ids))
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_END, [tenant_id, ids, clock.now(), by[:128], why])
        gone = cursor.fetchall()
    if pairs := {(customer_id, tag_id) for customer_id, tag_id, is_written in gone if is_written}:
        marks_withdraw(tenant_id=tenant_id, pairs=pairs, by=by)
    return len(gone)


def marks_on(*, tenant_id: int, pairs: Iterable[Pair], by: str = "", batch_id: int | None = None) -> set[int]:
    """Have these people carry these tags at WeCom, on every relation to staff that is alive; tags of ours are passed
    over. Returns the customers something is written for. In the caller's transaction; safe to repeat."""
    asked = set(pairs)
    apps = _apps(tenant_id, asked)
    wanted = {one for one in asked if one[1] in apps}
    if not wanted:
        return set()
    friends = Follow.objects.filter(
        tenant_id=tenant_id, customer_id__in={one for one, _ in wanted}, state=FollowState.FULL
    )
    by_customer: dict[int, list[tuple[int, int]]] = {}
    for customer_id, staff_id, app_id in friends.values_list("customer_id", "staff_id", "customer__app_id"):
        by_customer.setdefault(customer_id, []).append((staff_id, app_id))
    relations = {
        (customer_id, tag_id, staff_id)
        for customer_id, tag_id in wanted
        for staff_id, app_id in by_customer.get(customer_id, [])
        if app_id == apps[tag_id]
    }
    return _want(tenant_id, relations, is_on=True, by=by, batch_id=batch_id)


def marks_off(
    *, tenant_id: int, pairs: Iterable[Pair], by: str = "", batch_id: int | None = None
) -> set[int]:
    """Have these tags taken off these people at WeCom, whoever put them on. Otherwise as `marks_on`."""
    asked = set(pairs)
    apps = _apps(tenant_id, asked)
    wanted = {one for one in asked if one[1] in apps}
    if not wanted:
        return set()
    return _want(tenant_id, _borne(tenant_id, wanted), is_on=False, by=by, batch_id=batch_id)


def marks_withdraw(*, tenant_id: int, pairs: Iterable[Pair], by: str = "") -> set[int]:
    """Take off at WeCom what was put on from here, where nothing here wants it any more. Otherwise as `marks_on`."""
    asked = set(pairs)
    rows = TagMark.objects.filter(
        tenant_id=tenant_id, customer_id__in={one for one, _ in asked}, tag_id__in={one for _, one in asked},
        is_on=True, tag__deleted_at=None,
    ).exclude(status=MarkState.FAILED)  # fmt: skip
    ours = [one for one in rows.values_list("customer_id", "tag_id", "staff_id") if one[:2] in asked]
    if not ours:
        return set()
    ties = CustomerTag.objects.filter(
        tenant_id=tenant_id, customer_id__in={one[0] for one in ours}, tag_id__in={one[1] for one in ours},
        source__in=_HERE,
    )  # fmt: skip
    still = set(ties.values_list("customer_id", "tag_id"))
    return _want(tenant_id, {one for one in ours if one[:2] not in still}, is_on=False, by=by, batch_id=None)


def marks_back(
    *, tenant_id: int, batch_id: int, customer_ids: Iterable[int], is_on: bool, by: str
) -> set[int]:
    """Have what a batch wrote for these people as it was before: `is_on` is what the batch wanted."""
    rows = TagMark.objects.filter(
        tenant_id=tenant_id, batch_id=batch_id, customer_id__in=list(customer_ids), is_on=is_on
    ).exclude(status=MarkState.FAILED)
    relations = set(rows.values_list("customer_id", "tag_id", "staff_id"))
    return _want(tenant_id, relations, is_on=not is_on, by=by, batch_id=batch_id)


def marks_again(*, tenant_id: int, batch_id: int, by: str) -> int:
    """Ask WeCom again for what it refused of a batch. Returns for how many people. Safe to repeat."""
    with transaction.atomic():
        refused = TagMark.objects.filter(tenant_id=tenant_id, batch_id=batch_id, status=MarkState.FAILED)
        people: set[int] = set()
        for is_on in (True, False):
            rows = set(refused.filter(is_on=is_on).values_list("customer_id", "tag_id", "staff_id"))
            people |= _want(tenant_id, rows, is_on=is_on, by=by, batch_id=batch_id)
    return len(people)


def marks_of_friends(*, tenant_id: int, customer_ids: Iterable[int]) -> set[int]:
    """Somebody has become a friend: the tags of WeCom's that they carry here are written on the new relation."""
    ties = CustomerTag.objects.filter(
        tenant_id=tenant_id, customer_id__in=set(customer_ids), source__in=_HERE, tag__app__isnull=False
    )
    return marks_on(tenant_id=tenant_id, pairs=set(ties.values_list("customer_id", "tag_id")))


def _apps(tenant_id: int, pairs: set[Pair]) -> dict[int, int]:
    """{tag id: the app that reads it} of those among the tags that are WeCom's and in use."""
    if not pairs:
        return {}
    rows = Tag.objects.filter(
        tenant_id=tenant_id, pk__in={one for _, one in pairs}, app__isnull=False, deleted_at=None
    )
    return dict(rows.values_list("pk", "app_id"))


def _borne(tenant_id: int, pairs: set[Pair]) -> set[Relation]:
    """The relations that carry these tags at WeCom, or will once what is on its way has arrived."""
    about = {
        "tenant_id": tenant_id, "customer_id__in": {one for one, _ in pairs}, "tag_id__in": {one for _, one in pairs},
    }  # fmt: skip
    ties = CustomerTag.objects.filter(**about, source=TagSource.WECOM, staff__isnull=False)
    coming = TagMark.objects.filter(**about, is_on=True, status=MarkState.WAITING)
    found = [
        *ties.values_list("customer_id", "tag_id", "staff_id"),
        *coming.values_list("customer_id", "tag_id", "staff_id"),
    ]
    return {one for one in found if one[:2] in pairs}


def _want(
    tenant_id: int, relations: set[Relation], *, is_on: bool, by: str, batch_id: int | None
) -> set[int]:
    """Turn what stands otherwise. A constant number of statements."""
    if not relations:
        return set()
    about = Q(
        tenant_id=tenant_id,
        customer_id__in={one[0] for one in relations},
        tag_id__in={one[1] for one in relations},
    )
    carried = set(
        CustomerTag.objects.filter(about, source=TagSource.WECOM).values_list(
            "customer_id", "tag_id", "staff_id"
        )
    )
    TagMark.objects.bulk_create(
        [
            TagMark(tenant_id=tenant_id, customer_id=one, tag_id=two, staff_id=three, is_on=not is_on)
            for one, two, three in sorted(relations)
            if ((one, two, three) in carried) != is_on
        ],
        ignore_conflicts=True,
    )
    rows = TagMark.objects.filter(about).select_for_update(of=("self",), no_key=True)
    turning = []
    for row in rows.select_related("tag", "staff", "customer").order_by("customer_id", "tag_id", "staff_id"):
        where = (row.customer_id, row.tag_id, row.staff_id)
        stands = row.is_on if row.status == MarkState.WAITING else where in carried
        if where in relations and stands != is_on:
            row.is_on, row.batch_id = is_on, batch_id
            row.asked_by, row.asked_at = by[:128], clock.now()
            turning.append(row)
    _send(tenant_id, turning)
    return {row.customer_id for row in turning}


def _key(row: TagMark) -> str:
    return f"{REF_KIND}:{row.pk}:{row.attempt}"


def _send(tenant_id: int, rows: list[TagMark]) -> None:
    """Queue the next call of each locked mark. One whose opposite is queued still needs none; one whose opposite is
    under way waits for its answer."""
    if not rows:
        return
    spared = sends_cancel(tenant_id=tenant_id, keys=[_key(row) for row in rows if row.is_sending])
    now, drafts = clock.now(), list[SendDraft]()
    line = TagMark.objects.filter(tenant_id=tenant_id, is_sending=True).count()
    for row in rows:
        row.error, row.error_code, row.finished_at = "", 0, None
        if row.is_sending and _key(row) in spared:
            row.is_sending, row.status, row.finished_at = False, MarkState.DONE, now
            continue
        row.status = MarkState.WAITING
        if row.is_sending:
            continue
        row.is_sending, row.attempt = True, row.attempt + 1
        pause = timedelta(seconds=(line + len(drafts)) // PACE_A_SECOND)
        drafts.append(
            SendDraft(
                kind=SendKind.MARK_TAG, key=_key(row), payload=_payload(row), ref_kind=REF_KIND, ref_id=row.pk,
                not_before=now + pause, app_id=row.tag.app_id,
            )
        )  # fmt: skip
    fields = (
        "is_on", "batch", "asked_by", "asked_at", "status", "is_sending", "attempt", "error", "error_code",
        "finished_at",
    )  # fmt: skip
    TagMark.objects.bulk_update(rows, fields, batch_size=1000)
    send_queue_many(tenant=tenant_id, sends=drafts)


def _payload(row: TagMark) -> dict[str, object]:
    what = "add_tag" if row.is_on else "remove_tag"
    return {
        "userid": row.staff.userid, "external_userid": row.customer.external_userid, what: [row.tag.tag_id],
    }  # fmt: skip


def mark_settle(*, tenant_id: int, event: SendFinished) -> None:
    """Record what WeCom said to the call of one mark, and queue what is wanted otherwise by now. Safe to repeat."""
    with transaction.atomic():
        rows = TagMark.objects.select_for_update(of=("self",), no_key=True)
        row = (
            rows.select_related("tag", "staff", "customer")
            .filter(tenant_id=tenant_id, pk=event.ref_id, is_sending=True)
            .first()
        )
        if row is None:
            return
        send = send_get(tenant_id=tenant_id, send_id=event.send_id)
        if send.key != _key(row):
            return
        was_on, is_written = "add_tag" in send.payload, event.state == SendState.DONE
        row.is_sending, row.finished_at = False, clock.now()
        if is_written:
            _carry(row, is_on=was_on)
        if was_on != row.is_on and is_written:
            _send(tenant_id, [row])
            return
        is_as_wanted = is_written or was_on != row.is_on
        row.status = MarkState.DONE if is_as_wanted else MarkState.FAILED
        if not is_as_wanted:
            row.error, row.error_code = event.error[:500], event.error_code
        row.save(update_fields=["is_sending", "finished_at", "status", "error", "error_code"])


def _carry(row: TagMark, *, is_on: bool) -> None:
    """What WeCom carries now, as the next reading of WeCom would find it."""
    about = {
        "tenant_id": row.tenant_id, "customer_id": row.customer_id, "tag_id": row.tag_id, "staff_id": row.staff_id,
        "source": TagSource.WECOM,
    }  # fmt: skip
    if is_on:
        tie = CustomerTag(**about, added_at=clock.now(), added_by=row.asked_by)
        CustomerTag.objects.bulk_create([tie], ignore_conflicts=True)
    else:
        ids = list(CustomerTag.objects.filter(**about).values_list("pk", flat=True))
        ties_end(tenant_id=row.tenant_id, tie_ids=ids, why=TagEnd.HAND, by=row.asked_by)
