"""What each kind of outbound send does at WeCom, and how to find out whether it was done.

A kind names the call, whether the same call twice does harm, and how to recognise it afterwards.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from tenants import clock
from wecom.calls.mass_sends import SendRow
from wecom.enums import SendKind
from wecom.errors import Permanent, Retryable, Stopped, UnknownOutcome, WecomError
from wecom.gateway.client import WecomClient
from wecom.keeping import assets, kept_calls

DUPLICATE_CHECK_S = 14_400  # WeCom refuses to send the same app message again for so long
RECONCILE_SLACK = timedelta(minutes=5)
TRANSFER_LOOKS_AFTER = timedelta(minutes=1)
TRANSFER_WAITS, TRANSFER_ENDED = 2, (1, 3, 4)  # done, refused, the receiver's limit (PROTOCOL 3.2)
MEDIA_GONE = 40007  # WeCom does not know the file any more


@dataclass(frozen=True)
class Sent:
    """What a call answered: WeCom's id, receivers it left out, and the answer to keep."""

    vendor_id: str = ""
    fail_list: list[str] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)


Call = Callable[[WecomClient, dict[str, Any]], Sent]
Find = Callable[[WecomClient, dict[str, Any], datetime], str]


@dataclass(frozen=True)
class Adapter:
    """`is_repeatable`: after a crash the call is simply made again. `find` returns the vendor's id of an
    earlier call with this payload at about this time, or ""; None: nobody can tell but a person. `endpoint`
    names the one call it makes, `lasts` how long after it was due it is still worth making."""

    call: Call
    is_repeatable: bool
    find: Find | None = None
    endpoint: str = ""
    lasts: timedelta = timedelta(days=2)


def _app_message(client: WecomClient, payload: dict[str, Any]) -> Sent:
    client.gate.people(
        app_id=client.app.pk, userids=[one for one in payload["touser"] if not one.startswith("@")]
    )
    answer = client.messages.send(
        agentid=client.app.agent_id,
        msgtype=payload["msgtype"],
        content=payload["content"],
        touser=payload["touser"],
        duplicate_check_s=DUPLICATE_CHECK_S,
    )
    left_out = [one for one in str(answer.get("invaliduser") or "").split("|") if one]
    left_out += [one for one in str(answer.get("unlicenseduser") or "").split("|") if one]
    return Sent(str(answer.get("msgid") or ""), left_out, dict(answer))


def _mass_send(client: WecomClient, payload: dict[str, Any]) -> Sent:
    """A file that WeCom forgot is uploaded again, once: that refusal made no task."""
    try:
        return _mass_send_once(client, payload)
    except Permanent as error:
        uploaded = assets.asset_ids_in(payload.get("attachments") or [])
        if error.code != MEDIA_GONE or not uploaded:
            raise
    assets.media_forget(tenant_id=client.app.tenant_id, asset_ids=uploaded)
    return _mass_send_once(client, payload)


def _mass_send_once(client: WecomClient, payload: dict[str, Any]) -> Sent:
    try:
        parts = [assets.filled(client, part) for part in payload.get("attachments") or []]
    except ObjectDoesNotExist as error:
        raise Permanent(
            "a file of this message was erased", path="externalcontact/add_msg_template"
        ) from error
    answer = client.mass_sends.add(
        chat_type=payload["chat_type"],
        sender=payload.get("sender") or None,
        chat_id_list=payload.get("chat_ids") or None,
        external_userid=payload.get("external_userids") or None,
        text=payload.get("text"),
        attachments=parts or None,
    )
    if answer.get("is_empty"):
        raise Permanent("nobody is left to send to", code=41048, path="externalcontact/add_msg_template")
    return Sent(
        str(answer.get("msgid") or ""), [str(one) for one in answer.get("fail_list") or []], dict(answer)
    )


def _find_mass_send(client: WecomClient, payload: dict[str, Any], called_at: datetime) -> str:
    """A corp mass send like this one. Two that look alike: a person decides, so "" is answered."""
    found = mass_sends_like(client, payload, called_at)
    return str(found[0]["msgid"]) if len(found) == 1 else ""


def mass_sends_like(client: WecomClient, payload: dict[str, Any], called_at: datetime) -> list[SendRow]:
    """WeCom's rows of corp mass sends by this sender with this text, created around the call."""
    return [
        row
        for row in client.mass_sends.every(
            chat_type=payload["chat_type"],
            start_time=int((called_at - RECONCILE_SLACK).timestamp()),
            end_time=int((called_at + RECONCILE_SLACK).timestamp()),
            creator=payload.get("sender") or None,
            filter_type=0,
        )
        if (row.get("text") or {}).get("content", "") == (payload.get("text") or "")
        and len(row.get("attachments") or []) == len(payload.get("attachments") or [])
    ]


def _remind(client: WecomClient, payload: dict[str, Any]) -> Sent:
    client.mass_sends.remind(msgid=payload["msgid"])
    return Sent(payload["msgid"])


def _cancel(client: WecomClient, payload: dict[str, Any]) -> Sent:
    try:
        client.mass_sends.cancel(msgid=payload["msgid"])
    except WecomError as error:
        if error.code != 41093:  # cancelled before: what was wanted
            raise
        return Sent(payload["msgid"], [], {"was_cancelled": True})
    return Sent(payload["msgid"])


def _welcome(client: WecomClient, payload: dict[str, Any]) -> Sent:
    """One call when the files are at WeCom already. A file that cannot be had is left out rather than all of it."""
    parts = payload.get("attachments") or []
    try:
        return _welcome_once(client, payload, parts)
    except WecomError as error:
        if error.code != MEDIA_GONE:
            raise
    assets.media_forget(tenant_id=client.app.tenant_id, asset_ids=assets.asset_ids_in(parts))
    return _welcome_once(client, payload, parts)


def _welcome_once(client: WecomClient, payload: dict[str, Any], parts: list[dict[str, Any]]) -> Sent:
    ready, left_out = [], 0
    for part in parts:
        try:
            ready.append(assets.filled(client, part))
        except (WecomError, ObjectDoesNotExist):
            left_out += 1
    client.welcomes.send(
        welcome_code=payload["welcome_code"], text=payload.get("text"), attachments=ready or None
    )
    return Sent("", [], {"left_out": left_out} if left_out else {})


def _kept_make(client: WecomClient, payload: dict[str, Any]) -> Sent:
    vendor_id, answer = kept_calls.make(client, payload)
    return Sent(vendor_id, [], answer)


def _kept_change(client: WecomClient, payload: dict[str, Any]) -> Sent:
    vendor_id, answer = kept_calls.change(client, payload)
    return Sent(vendor_id, [], answer)


def _transfer_groups(client: WecomClient, payload: dict[str, Any]) -> Sent:
    """Groups go to a colleague, by another call where their owner left; WeCom names those it did not move."""
    call = client.groups.transfer if payload.get("is_resigned") else client.groups.transfer_onjob
    left = call(chat_id_list=payload["chat_ids"], new_owner=payload["new_owner"])
    return Sent(payload["new_owner"], [row["chat_id"] for row in left], {"failed_chat_list": list(left)})


def _find_transfer(client: WecomClient, payload: dict[str, Any], called_at: datetime) -> str:
    """The new owner's id when every group has that owner by now."""
    wanted = str(payload["new_owner"])
    owners = {str(client.groups.get(chat_id=one).get("owner")) for one in payload["chat_ids"]}
    return wanted if owners == {wanted} else ""


def _transfer_customers(client: WecomClient, payload: dict[str, Any]) -> Sent:
    """Customers go to a colleague: WeCom is asked for those it does not list yet, so that a call that was cut off
    goes on where it stood and nobody is asked twice. The answer says {external_userid: errcode}, 0: it began."""
    begun = _transfers_begun(client, payload)
    codes = dict.fromkeys(begun, 0)
    if left := [one for one in payload["external_userids"] if one not in begun]:
        call = client.customers.transfer_resigned if payload.get("is_resigned") else client.customers.transfer
        pair = {name: payload[name] for name in ("handover_userid", "takeover_userid")}
        try:
            rows = call(**pair, external_userid=left)
        except UnknownOutcome as error:
            again = clock.now() + TRANSFER_LOOKS_AFTER
            raise Retryable(error.message, retry_at=again, code=error.code, path=error.path) from error
        codes |= {str(row["external_userid"]): int(row.get("errcode") or 0) for row in rows}
    return Sent("", [one for one, code in codes.items() if code], {"customers": codes})


def _transfers_begun(client: WecomClient, payload: dict[str, Any]) -> set[str]:
    """Those WeCom lists between the two: as waiting, or ended where nothing between the two can have ended before."""
    result = (
        client.customers.transfer_resigned_result
        if payload.get("is_resigned")
        else client.customers.transfer_result
    )
    wanted, before = set(payload["external_userids"]), set(payload.get("asked_before") or [])
    try:
        rows = list(
            result(handover_userid=payload["handover_userid"], takeover_userid=payload["takeover_userid"])
        )
    except Stopped:
        raise
    except Permanent:
        return set()
    told = {(str(row["external_userid"]), int(row.get("status") or 0)) for row in rows}
    return {
        one
        for one, status in told
        if one in wanted and (status == TRANSFER_WAITS or (status in TRANSFER_ENDED and one not in before))
    }


def _mark_tag(client: WecomClient, payload: dict[str, Any]) -> Sent:
    client.tags.mark(
        userid=payload["userid"],
        external_userid=payload["external_userid"],
        add_tag=payload.get("add_tag") or None,
        remove_tag=payload.get("remove_tag") or None,
    )
    return Sent()


ADAPTERS: dict[str, Adapter] = {
    SendKind.APP_MESSAGE: Adapter(
        _app_message, is_repeatable=True, endpoint="message_send", lasts=timedelta(hours=12)
    ),
    SendKind.MASS_SEND: Adapter(
        _mass_send, is_repeatable=False, find=_find_mass_send, endpoint="add_msg_template"
    ),
    SendKind.REMIND_MASS_SEND: Adapter(_remind, is_repeatable=False, endpoint="remind_groupmsg_send"),
    SendKind.CANCEL_MASS_SEND: Adapter(
        _cancel, is_repeatable=True, endpoint="cancel_groupmsg_send", lasts=timedelta(days=7)
    ),
    # WeCom takes each code once, within 20 seconds.
    SendKind.WELCOME: Adapter(
        _welcome, is_repeatable=True, endpoint="send_welcome_msg", lasts=timedelta(seconds=60)
    ),
    SendKind.KEPT_MAKE: Adapter(
        _kept_make, is_repeatable=False, find=kept_calls.find_made, lasts=timedelta(days=7)
    ),
    SendKind.KEPT_CHANGE: Adapter(_kept_change, is_repeatable=True, lasts=timedelta(days=7)),
    SendKind.TRANSFER_GROUPS: Adapter(
        _transfer_groups, is_repeatable=False, find=_find_transfer, endpoint="groupchat_onjob_transfer"
    ),
    SendKind.TRANSFER_CUSTOMERS: Adapter(
        _transfer_customers, is_repeatable=True, endpoint="transfer_customer", lasts=timedelta(days=7)
    ),
    SendKind.MARK_TAG: Adapter(_mark_tag, is_repeatable=True, endpoint="mark_tag", lasts=timedelta(days=7)),
}


def payload_problem(kind: str, payload: dict[str, Any]) -> str:
    """Why a payload can never be sent, or "": checked when it is queued, so that the caller's bug shows there."""
    needed = {
        SendKind.APP_MESSAGE: ("touser", "msgtype", "content"),
        SendKind.MASS_SEND: ("chat_type",),
        SendKind.REMIND_MASS_SEND: ("msgid",),
        SendKind.CANCEL_MASS_SEND: ("msgid",),
        SendKind.WELCOME: ("welcome_code",),
        SendKind.KEPT_MAKE: ("step", "call", "fields"),
        SendKind.KEPT_CHANGE: ("step", "call", "fields"),
        SendKind.TRANSFER_GROUPS: ("chat_ids", "new_owner"),
        SendKind.TRANSFER_CUSTOMERS: ("handover_userid", "takeover_userid", "external_userids"),
        SendKind.MARK_TAG: ("userid", "external_userid"),
    }
    if kind not in needed:
        return f"unknown kind {kind}"
    missing = [name for name in needed[SendKind(kind)] if not payload.get(name)]
    return f"{kind} needs {', '.join(missing)}" if missing else ""
