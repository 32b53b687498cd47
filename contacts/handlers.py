"""Reactions to WeCom: customer events, tag events, the event API, and the two full reads."""

from datetime import UTC, datetime
from typing import Any, Protocol

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from contacts.enums import BehaviourKind, FollowState, TransferState
from contacts.events import BehavioursRecorded, FollowChanged
from contacts.policies.follow import STATE_OF_CHANGE
from contacts.policies.transfers import OF_REASON
from contacts.selectors import customer_ids_by_union, tags_live
from contacts.services.behaviours import BehaviourItem, behaviour_record_many
from contacts.services.comparing import NOT_CONNECTED, customers_compare
from contacts.services.customers import (
    ConsentHeard,
    ReRead,
    archive_consent_set,
    archive_consents_note,
    follow_apply_event,
)
from contacts.services.exposures import gate_release
from contacts.services.messages import messages_record
from contacts.services.orders import orders_number
from contacts.services.personal import erased_heard
from contacts.services.questions import question_work_act, questions_follow
from contacts.services.stages import stages_judge
from contacts.services.surveys import newcomers_ask
from contacts.services.tag_marks import REF_KIND as MARK
from contacts.services.tag_marks import mark_settle, marks_of_friends
from contacts.services.tag_rules import rules_judge
from contacts.services.tags import tags_store
from contacts.services.transfers import REF_KIND as TRANSFER
from contacts.services.transfers import transfer_heard, transfers_settle
from contacts.services.ways import REF_KIND as WAY
from contacts.services.ways import way_settle
from team.enums import Bucket, WorkKind
from team.services import staff_ensure, work_item_put
from tenants import clock
from tenants.audit import Actor
from tenants.models import Tenant
from tenants.words import say
from wecom.enums import LostKind
from wecom.errors import Permanent
from wecom.events import ArchiveConsentChanged, MessagesArchived, OwnSendsWithdrawn, SendFinished
from wecom.gateway.client import client_for
from wecom.inbox.ingest import Inbound
from wecom.reading.sync import Lost, Progress
from wecom.selectors import app_list

_REREAD = {"add_external_contact", "add_half_external_contact", "edit_external_contact"}
BY_TRANSFER = "DELETE_BY_TRANSFER"  # WeCom ended the giver's tie because the customer moved
_BOUGHT = {BehaviourKind.ORDER, BehaviourKind.REFUND}
_TRANSFER_REASONS = {
    "customer_refused": _("The customer refused"),
    "customer_limit_exceed": _("The new owner has reached the limit of customers"),
}


def on_external_contact(event: Inbound) -> None:
    """change_external_contact: a re-read outside the transaction, then one write. Safe to repeat, in any order."""
    userid, external = event.fields.get("UserID", ""), event.fields.get("ExternalUserID", "")
    if not userid or not external or event.app_id is None:
        return
    if event.change_type == "msg_audit_approved":
        archive_consent_set(
            tenant_id=event.tenant_id,
            app_id=event.app_id,
            external_userid=external,
            answer="agree",
            at=event.occurred_at,
        )
        return
    who = {"tenant_id": event.tenant_id, "app_id": event.app_id, "external_userid": external}
    if erased_heard(**who):
        return
    staff_id = staff_ensure(tenant_id=event.tenant_id, app_id=event.app_id, userid=userid).pk
    if event.change_type == "transfer_fail":
        end = OF_REASON.get(str(event.fields.get("FailReason") or ""), TransferState.FAILED)
        if not transfer_heard(**who, staff_id=staff_id, state=end):
            _tell_of_failed_transfer(event, staff_id)
        return
    if event.change_type not in _REREAD | set(STATE_OF_CHANGE):
        return
    follow_apply_event(
        tenant_id=event.tenant_id,
        app_id=event.app_id,
        external_userid=external,
        staff_id=staff_id,
        change_type=event.change_type,
        occurred_at=event.occurred_at,
        state_code=str(event.fields.get("State") or ""),
        answer=_reread(event, userid, external) if event.change_type in _REREAD else None,
    )
    if event.fields.get("Source") == BY_TRANSFER:
        transfer_heard(**who, staff_id=staff_id, state=TransferState.DONE)


def _reread(event: Inbound, userid: str, external: str) -> ReRead | None:
    """What WeCom says now; None for a tie it does not talk about (half, or gone meanwhile)."""
    read_at = clock.now()
    try:
        found = client_for(event.tenant_id, event.app_id).customers.get(external_userid=external)
    except Permanent as error:
        if error.code == NOT_CONNECTED:
            return None
        raise
    tie = next((one for one in found["follow_user"] if one.get("userid") == userid), None)
    return ReRead(found["external_contact"], tie, read_at)


def _tell_of_failed_transfer(event: Inbound, staff_id: int) -> None:
    """A hand-over the customer refused, or that met the new owner's limit, becomes an alert for that person."""
    why = str(event.fields.get("FailReason") or "")
    work_item_put(
        tenant_id=event.tenant_id,
        source_kind="contacts.transfer",
        source_id=event.inbound_id,
        staff_id=staff_id,
        kind=WorkKind.ALERT,
        bucket=Bucket.REMIND,
        title=say("A customer was not handed over"),
        detail=str(event.fields.get("ExternalUserID") or ""),
        reason=_TRANSFER_REASONS.get(why, why),
        rule_code="TRANSFER-01",
    )


def on_messages_archived(*, tenant_id: int, events: list[MessagesArchived]) -> None:
    """What customers said, from the archive or a file, joins the stream. Safe to repeat."""
    for event in events:
        messages_record(tenant_id=tenant_id, app_id=event.app_id, message_ids=event.message_ids)


def on_questions_heard(*, tenant_id: int, events: list[MessagesArchived]) -> None:
    """What customers asked and staff answered brings the ledger of questions in step. Safe to repeat, in any order."""
    for event in events:
        questions_follow(tenant_id=tenant_id, app_id=event.app_id, message_ids=event.message_ids)


def on_question_act(*, tenant: Tenant, source_id: int, verb: str, actor: Actor) -> None:
    """Somebody said on Today that a question was answered, or took that back."""
    question_work_act(tenant=tenant, source_id=source_id, verb=verb, actor=actor)


def on_archive_consent(*, tenant_id: int, events: list[ArchiveConsentChanged]) -> None:
    """Show on each person what was said to archiving. Safe to repeat, in any order."""
    for event in events:
        heard = [
            ConsentHeard(
                one["external_userid"], one["state"], one["source"], datetime.fromisoformat(one["at"])
            )
            for one in event.people
        ]
        archive_consents_note(tenant_id=tenant_id, app_id=event.app_id, heard=heard)


def on_behaviours_recorded(*, tenant_id: int, events: list[BehavioursRecorded]) -> None:
    """Whoever did something may reach a trust stage and is judged by the tag rules. Safe to repeat, in any order."""
    people = {one for event in events for one in event.customer_ids}
    if buyers := {one for event in events if _BOUGHT & set(event.kinds) for one in event.customer_ids}:
        orders_number(tenant_id=tenant_id, customer_ids=buyers)
    stages_judge(tenant_id=tenant_id, customer_ids=people)
    rules_judge(tenant_id=tenant_id, customer_ids=people)


def on_follow_changed(*, tenant_id: int, events: list[FollowChanged]) -> None:
    """A new friend has met you and gets the tags of the channel at once, in WeCom too. Safe to repeat, in any order."""
    people = {event.customer_id for event in events}
    stages_judge(tenant_id=tenant_id, customer_ids=people)
    rules_judge(tenant_id=tenant_id, customer_ids=people)
    befriended = {event.customer_id for event in events if event.state == FollowState.FULL}
    with transaction.atomic():
        marks_of_friends(tenant_id=tenant_id, customer_ids=befriended)
    newcomers_ask(tenant_id=tenant_id, customer_ids=befriended)


class MemberJoined(Protocol):
    """What groups tell of who came into one of them."""

    customer_ids: list[int]


def on_member_joined(*, tenant_id: int, events: list[MemberJoined]) -> None:
    """Whoever comes to a group that was asked to answer a form is asked, too. Safe to repeat."""
    newcomers_ask(tenant_id=tenant_id, customer_ids={one for event in events for one in event.customer_ids})


def on_external_tag(event: Inbound) -> None:
    """change_external_tag: the whole tag list is read again; it is small and the event may be late."""
    if event.app_id is not None:
        _read_tags(event.tenant_id, event.app_id)


def on_api_behaviours(event: Inbound) -> None:
    """Items of the event API into the stream, by the sending system's name. Safe to repeat."""
    items: list[dict[str, Any]] = event.fields.get("items") or []
    by_union = customer_ids_by_union(
        tenant_id=event.tenant_id,
        unionids={one["unionid"] for one in items if one.get("unionid") and not one.get("external_userid")},
    )
    by_source: dict[str, list[BehaviourItem]] = {}
    for one in items:
        by_source.setdefault(one.get("source") or "api", []).append(_item(one, by_union))
    for source in sorted(by_source):
        behaviour_record_many(tenant_id=event.tenant_id, source=source, items=by_source[source])


def _item(raw: dict[str, Any], by_union: dict[str, int]) -> BehaviourItem:
    union = raw.get("unionid") or ""
    at = raw["occurred_at"]
    data = dict(raw.get("data") or {})
    return BehaviourItem(
        event_id=raw["id"],
        kind=raw["kind"],
        occurred_at=at if isinstance(at, datetime) else datetime.fromisoformat(at).astimezone(UTC),
        customer_id=None if raw.get("external_userid") else by_union.get(union),
        external_userid=raw.get("external_userid") or "",
        chat_id=raw.get("chat_id") or "",
        object_kind=raw.get("object_kind") or "",
        object_id=raw.get("object_id") or "",
        object_title=raw.get("object_title") or "",
        amount_fen=raw.get("amount_fen"),
        text=raw.get("text") or "",
        data={**data, "unionid": union} if union else data,
    )


def sync_tags(tenant_id: int, progress: Progress) -> int:
    """Read all corp tags of every connected app. Returns how many changes callbacks had missed. Repeatable."""
    apps = [app for app in app_list(tenant_id=tenant_id) if app.is_callable]
    for done, app in enumerate(apps, start=1):
        before = tags_live(tenant_id=tenant_id, app_id=app.pk)
        _read_tags(tenant_id, app.pk)
        after = tags_live(tenant_id=tenant_id, app_id=app.pk)
        moved = [one for one in {**before, **after} if before.get(one) != after.get(one)]
        progress.lost(Lost(one, after.get(one) or before[one], LostKind.TAGS) for one in moved)
        progress(done, len(apps))
    return progress.lost_count


def _read_tags(tenant_id: int, app_id: int) -> None:
    groups = client_for(tenant_id, app_id).tags.every()
    tags_store(tenant_id=tenant_id, app_id=app_id, groups=groups)


def sync_customers(tenant_id: int, progress: Progress) -> int:
    """Read the customers of all staff who may have some. Returns how many ties callbacks had missed. Repeatable."""
    return customers_compare(tenant_id=tenant_id, progress=progress)


def on_send_finished(*, tenant_id: int, events: list[SendFinished]) -> None:
    """What became of our codes for new friends, of our tags and of hand-overs at WeCom. Safe to repeat."""
    for event in events:
        if event.ref_kind == WAY:
            way_settle(tenant_id=tenant_id, event=event)
        elif event.ref_kind == MARK:
            mark_settle(tenant_id=tenant_id, event=event)
        elif event.ref_kind == TRANSFER:
            transfers_settle(tenant_id=tenant_id, event=event)


def on_own_sends_withdrawn(*, tenant_id: int, events: list[OwnSendsWithdrawn]) -> None:
    """Sends that looked like colleagues' own were planned here, and counted there."""
    keys = sorted({key for event in events for key in event.keys})
    with transaction.atomic():
        gate_release(tenant_id=tenant_id, keys=keys, now=clock.now())
