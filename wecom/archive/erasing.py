"""One person's messages taken out of the archive for good, because they asked (R39)."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.archive.models import ArchivedMedia, ArchivedMessage, SealedMessage
from wecom.archive.months import media_forget


@dataclass(frozen=True, slots=True)
class Erased:
    """How many rows are gone. `unread`: messages that nobody could read and that name the person."""

    messages: int = 0
    files: int = 0
    unread: int = 0


def archive_erase(*, tenant: Tenant, external_userid: str, actor: Actor) -> Erased:
    """Delete what a person wrote in groups and all that was said with them in private, with its files, in every app.

    The answer to the question of consent stays: it is the ground for what comes next, and a refusal has to hold.
    What others wrote in groups stays. A message still sealed with a key we lack cannot be told to be theirs.
    Raises NotPermitted, and ValueError without a name. Safe to repeat; cut off anywhere, the next call does the rest.
    """
    require(actor, Permission.MANAGE)
    if not external_userid:
        raise ValueError("nobody is named")
    theirs = ArchivedMessage.objects.filter(
        Q(sender_id=external_userid) | Q(room_id="", receiver_ids__contains=[external_userid]), tenant=tenant
    )
    msgids = list(theirs.values_list("msgid", flat=True))
    files = media_forget(ArchivedMedia.objects.filter(tenant=tenant, msgid__in=msgids))
    with transaction.atomic():
        unread, _ = SealedMessage.objects.filter(tenant=tenant, raw__contains=external_userid).delete()
        messages, _ = theirs.filter(msgid__in=msgids).delete()  # one that came meanwhile still has its files
        erased = Erased(messages=messages, files=files, unread=unread)
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="wecom.archive.erased",
            changes={
                "person": [external_userid, None],
                "messages": [messages, 0],
                "files": [files, 0],
                "unread": [unread, 0],
            },
        )
    return erased
