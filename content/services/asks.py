"""Searches for an answer, and whether one was used (R23): the FAQ of a group tells what its customers ask."""

from datetime import timedelta

from django.db import transaction

from content.models import Script, ScriptAsk
from content.policies.search import continues, question_key
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

TYPING_S = 60  # a search that goes on from the last one within this is the same question, typed further
USED_WITHIN = timedelta(minutes=30)  # an answer taken later belongs to another question
LEAST_CHARS = 2


def asker_of(actor: Actor) -> str:
    """Who searches, as it is kept: "staff:7"."""
    return f"{actor.kind}:{actor.id}"


def ask_record(
    *, tenant: Tenant, words: str, found: int, actor: Actor, group_id: int | None = None
) -> ScriptAsk | None:
    """Write down a search. One that goes on from the same person's last one within a minute replaces its words.

    Nothing is written for less than two characters, or for who only looks. It counts as unanswered until an answer
    is used. Safe to repeat within the minute.
    """
    asked = " ".join(words.split())[:120]
    if len(asked) < LEAST_CHARS or Permission.WORK not in actor.permissions:
        return None
    now, asker = clock.now(), asker_of(actor)
    with transaction.atomic():
        rows = ScriptAsk.objects.select_for_update().filter(
            tenant=tenant,
            asker=asker,
            group_id=group_id,
            script=None,
            at__gt=now - timedelta(seconds=TYPING_S),
        )
        row = rows.order_by("-at", "-pk").first()
        if row is None or not continues(row.words, asked):
            row = ScriptAsk(tenant=tenant, asker=asker, asked_by=actor.name[:128], group_id=group_id)
        row.words, row.key, row.found, row.at = asked, question_key(asked), found, now
        row.save()
    return row


def ask_answered(*, tenant: Tenant, script_id: int, actor: Actor, group_id: int | None = None) -> bool:
    """The person's last search of the past half hour, in this group where it is known, found what it needed. Whether
    there was one. Safe to repeat."""
    now = clock.now()
    with transaction.atomic():
        rows = ScriptAsk.objects.select_for_update().filter(
            tenant=tenant, asker=asker_of(actor), at__gt=now - USED_WITHIN
        )
        if group_id is not None:
            rows = rows.filter(group_id=group_id)
        row = rows.order_by("-at", "-pk").first()
        if row is None or not Script.objects.filter(tenant=tenant, pk=script_id).exists():
            return False
        row.script_id, row.used_at = script_id, now
        row.save(update_fields=["script", "used_at"])
    return True


def asks_settle(*, tenant: Tenant, key: str, actor: Actor) -> int:
    """A question has its script now, or needs none: it leaves the open ones. Returns how many searches. Repeatable."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        rows = ScriptAsk.objects.filter(tenant=tenant, key=key, script=None, settled_at=None)
        latest = rows.order_by("-at", "-pk").first()
        if latest is None:
            return 0
        audit.record(tenant=tenant, actor=actor, verb="content.ask.settled", target=latest)
        return rows.update(settled_at=clock.now())
