"""One person taken out of what was called at WeCom and heard from it (R39).

That a message went out once stays provable: each row keeps its time, its outcome and how many it went to. Where WeCom's
id of the person stood, `name` stands, the one that the person's record keeps.
"""

import json
from typing import Any

from django.db import connection

from tenants import clock
from tenants.redaction import redacting
from wecom.archive.consent import consent_forget
from wecom.enums import InboundSource

_KEPT_OF_ITEM = ("id", "kind", "occurred_at", "chat_id")
# What waits to go out loses the person; what was to reach nobody else does not go out any more.
_WAITING = """
update wecom_outboundsend set
  payload = case when payload ? 'external_userids'
    then jsonb_set(payload, '{external_userids}', (payload->'external_userids') - %(id)s) else payload end,
  state = case when payload->>'external_userid' = %(id)s or payload->'external_userids' = jsonb_build_array(%(id)s)
    then 'cancelled' else state end,
  finished_at = case when payload->>'external_userid' = %(id)s
    or payload->'external_userids' = jsonb_build_array(%(id)s) then %(now)s else finished_at end
where tenant_id = %(tenant)s and state = 'queued' and (
  payload->>'external_userid' = %(id)s or payload->'external_userids' @> jsonb_build_array(%(id)s))
"""
_SENDS = """
update wecom_outboundsend set payload = replace(payload::text, %(quoted)s, %(named)s)::jsonb,
  answer = replace(answer::text, %(quoted)s, %(named)s)::jsonb, error = replace(error, %(id)s, %(name)s)
where tenant_id = %(tenant)s and (
  strpos(payload::text, %(quoted)s) > 0 or strpos(answer::text, %(quoted)s) > 0 or strpos(error, %(id)s) > 0)
"""
_QUOTA = """
update wecom_quotaentry set receiver_id = %(name)s where tenant_id = %(tenant)s and receiver_id = %(id)s
"""
_OWN = """
update wecom_ownreach set receiver_id = %(name)s where tenant_id = %(tenant)s and receiver_id = %(id)s
"""
_INBOUND = """
update wecom_inboundevent set body = replace(body, %(id)s, %(name)s), mailbox = replace(mailbox, %(id)s, %(name)s),
  error = replace(error, %(id)s, %(name)s)
where tenant_id = %(tenant)s and state not in ('pending', 'failed') and source <> %(api)s
  and (strpos(body, %(id)s) > 0 or strpos(mailbox, %(id)s) > 0 or strpos(error, %(id)s) > 0)
"""
_API = """
select id, body from wecom_inboundevent
where tenant_id = %(tenant)s and state not in ('pending', 'failed') and source = %(api)s
  and (strpos(body, %(id)s) > 0 or (%(union)s <> '' and strpos(body, %(union)s) > 0))
order by id
"""
_EVENTS = """
update outbox_eventrow set payload = replace(payload::text, %(quoted)s, %(named)s)::jsonb
where tenant_id = %(tenant)s and strpos(payload::text, %(quoted)s) > 0
"""


def person_forget(*, tenant_id: int, external_userid: str, unionid: str, name: str) -> dict[str, int]:
    """Put `name` where WeCom's id of the person stood, and drop what was said of the person. In the caller's
    transaction; safe to repeat. Returns {table: rows}. What waits unread in the inbox is worked off as it came."""
    told: dict[str, Any] = {
        "tenant": tenant_id, "id": external_userid, "name": name, "quoted": json.dumps(external_userid),
        "named": json.dumps(name), "union": unionid, "api": InboundSource.API.value, "now": clock.now(),
    }  # fmt: skip
    counts = {"wecom.ArchiveConsent": consent_forget(tenant_id=tenant_id, person_id=external_userid)}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, told)
        for table, statement in (
            ("wecom.OutboundSend", _SENDS), ("wecom.QuotaEntry", _QUOTA),
            ("wecom.OwnReach", _OWN), ("wecom.InboundEvent", _INBOUND),
        ):  # fmt: skip
            cursor.execute(statement, told)
            counts[table] = cursor.rowcount
        cursor.execute(_API, told)
        for pk, body in cursor.fetchall():
            cursor.execute(
                "update wecom_inboundevent set body = %s where tenant_id = %s and id = %s",
                [_without(body, external_userid, unionid, name), tenant_id, pk],
            )
            counts["wecom.InboundEvent"] += 1
    with redacting(), connection.cursor() as cursor:
        cursor.execute(_EVENTS, told)
        counts["outbox.EventRow"] = cursor.rowcount
    return counts


def _without(body: str, external_userid: str, unionid: str, name: str) -> str:
    """A batch of the event API with what it said of the person reduced to that it happened."""
    read = json.loads(body)
    items: list[dict[str, Any]] = read.get("events") or []
    for item in items:
        is_theirs = item.get("external_userid") == external_userid or (
            unionid and item.get("unionid") == unionid
        )
        if is_theirs:
            kept = {key: item[key] for key in _KEPT_OF_ITEM if key in item}
            item.clear()
            item.update(kept | {"external_userid": name})
    return json.dumps(read, ensure_ascii=False).replace(external_userid, name)
