"""Codes for new friends (渠道活码): made, changed and removed at WeCom through the outbound queue."""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from contacts.enums import WelcomeMode
from contacts.errors import ChannelUnknown, TakerCannotTalk, WayBusy, WayInvalid
from contacts.models import Channel, ContactWay
from contacts.selectors.channels import way_state
from outbox.dispatch import enqueue
from team.selectors import staff_list
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from wecom.enums import KeptState
from wecom.errors import Permanent
from wecom.events import SendFinished
from wecom.gateway.client import client_for
from wecom.keeping import kept
from wecom.keeping.kept_rules import REMARK_CHARS, STAFF_PER_CODE, WELCOME_BYTES, WELCOME_PARTS
from wecom.selectors import app_needed
from wecom.welcomes.sayable import welcome_checked, welcome_kept

if TYPE_CHECKING:
    from team.models import Staff

REF_KIND = "contacts.contact_way"
READ_TASK = "contacts.read_way"
UNKNOWN_CODES = frozenset({40058, 41044})  # WeCom does not know this config_id (any more)


def _fields(row: ContactWay) -> dict[str, Any]:
    staff = dict(staff_list(tenant_id=row.tenant_id).filter(pk__in=row.staff_ids).values_list("pk", "userid"))
    users = [staff[one] for one in row.staff_ids if one in staff]
    common = {
        "remark": row.name[:REMARK_CHARS],
        "skip_verify": row.skip_verify,
        "state": row.state,
        "user": users,
    }
    return common if row.vendor_id else {"type": 2, "scene": 2, **common}


KIND = kept.KeptKind(
    ref_kind=REF_KIND, id_field="config_id", make="add_contact_way", change="update_contact_way",
    remove="del_contact_way", fields=_fields,
)  # fmt: skip


def way_create(
    *, tenant: Tenant, channel_id: int, name: str, staff_ids: list[int], skip_verify: bool, actor: Actor
) -> ContactWay:
    """Have WeCom make a code for a channel; it comes back by the queue. Not safe to repeat: each is another code.

    Raises WayInvalid, ChannelUnknown, NotConnected, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    staff_ids = _checked_staff(tenant, staff_ids)
    app = app_needed(tenant_id=tenant.pk)
    with transaction.atomic():
        channel = Channel.objects.filter(tenant=tenant, pk=channel_id, is_archived=False).first()
        if channel is None:
            raise ChannelUnknown
        row = ContactWay.objects.create(
            tenant=tenant, app=app, channel=channel, name=name.strip()[:REMARK_CHARS], staff_ids=staff_ids,
            skip_verify=skip_verify, created_by=actor.name[:128],
        )  # fmt: skip
        row.state = way_state(channel.pk, row.pk)
        kept.push(KIND, row)
        audit.record(
            tenant=tenant, actor=actor, verb="contacts.way.added", target=row,
            changes={"channel": [None, channel.name], "staff": [None, len(staff_ids)]},
        )  # fmt: skip
    return row


def way_change(
    *, tenant: Tenant, way_id: int, name: str, staff_ids: list[int], skip_verify: bool, actor: Actor
) -> ContactWay:
    """Change who stands behind a code; the printed picture stays the same. Safe to repeat.

    Raises WayInvalid, WayBusy (its creation is undecided), NotPermitted, ContactWay.DoesNotExist.
    """
    require(actor, Permission.OPERATE)
    staff_ids = _checked_staff(tenant, staff_ids)
    with transaction.atomic():
        row = _locked(tenant.pk, way_id)
        _refuse_undecided(row)
        before = [row.name, len(row.staff_ids), row.skip_verify]
        row.name, row.staff_ids, row.skip_verify = name.strip()[:REMARK_CHARS], staff_ids, skip_verify
        row.revision += 1
        kept.push(KIND, row)
        audit.record(
            tenant=tenant, actor=actor, verb="contacts.way.changed", target=row,
            changes={
                "name": [before[0], row.name],
                "staff": [before[1], len(staff_ids)],
                "skip_verify": [before[2], skip_verify],
            },
        )  # fmt: skip
    return row


def ways_give(*, tenant: Tenant, way_ids: list[int], giver: "Staff", taker: "Staff", actor: Actor) -> int:
    """Put one colleague in the place of another behind these codes, in the caller's transaction.

    WeCom is told through the queue; a code whose creation is undecided is told with it. Returns how many changed.
    Safe to repeat. Raises TakerCannotTalk.
    """
    rows = list(
        ContactWay.objects.select_for_update(of=("self",), no_key=True)
        .filter(tenant=tenant, pk__in=way_ids, staff_ids__contains=[giver.pk])
        .order_by("pk")
    )
    if rows and not (taker.is_active and taker.can_contact):
        raise TakerCannotTalk
    for row in rows:
        row.staff_ids = list(dict.fromkeys(taker.pk if one == giver.pk else one for one in row.staff_ids))
        row.revision += 1
        kept.push(KIND, row)
    if rows:
        audit.record_many(
            tenant=tenant, actor=actor, verb="contacts.way.changed", targets=rows, reason="",
            changes={row.pk: {"staff": [str(giver), str(taker)]} for row in rows},
        )  # fmt: skip
    return len(rows)


def way_set_welcome(
    *,
    tenant: Tenant,
    way_id: int,
    mode: str,
    text: str,
    actor: Actor,
    parts: list[dict[str, Any]] | None = None,
) -> ContactWay:
    """What new friends by this code are greeted with; WeCom need not be asked. `parts` None keeps them.

    Raises WayInvalid, NotPermitted, ContactWay.DoesNotExist, a DomainError for words that may not be sent. Repeatable.
    """
    require(actor, Permission.OPERATE)
    if len(text.encode()) > WELCOME_BYTES:
        raise WayInvalid(_("The words are longer than WeCom takes."))
    welcome_checked(tenant=tenant, text=text, parts=parts or ())
    with transaction.atomic():
        row = _locked(tenant.pk, way_id)
        before = row.welcome_mode
        row.welcome_mode, row.welcome_text = WelcomeMode(mode), text.strip()
        row.welcome_parts = row.welcome_parts if parts is None else parts[:WELCOME_PARTS]
        row.save(update_fields=["welcome_mode", "welcome_text", "welcome_parts"])
        audit.record(
            tenant=tenant, actor=actor, verb="contacts.way.welcome_set", target=row,
            changes={"welcome_mode": [before, row.welcome_mode]},
        )  # fmt: skip
        welcome_kept(tenant=tenant)
        enqueue("wecom.renew_media", tenant_id=tenant.pk)
    return row


def way_end(*, tenant: Tenant, way_id: int, actor: Actor) -> ContactWay:
    """Remove a code at WeCom for good: the printed picture stops working. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, way_id)
        _refuse_undecided(row)
        if row.ended_at is None and not row.is_ending:
            row.is_ending = True
            audit.record(tenant=tenant, actor=actor, verb="contacts.way.ended", target=row)
        kept.push(KIND, row)
    return row


def way_retry(*, tenant: Tenant, way_id: int, actor: Actor) -> ContactWay:
    """A person lets a refused call be made again, or a creation nobody can find be made anew."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, way_id)
        audit.record(
            tenant=tenant, actor=actor, verb="contacts.way.retried", target=row, reason=row.error[:500]
        )
        kept.ask_again(KIND, row)
    return row


def way_settle(*, tenant_id: int, event: SendFinished) -> None:
    """The queue's outcome for one code, in the caller's transaction. Safe to repeat."""
    row = (
        ContactWay.objects.select_for_update(of=("self",), no_key=True)
        .filter(tenant_id=tenant_id, pk=event.ref_id)
        .first()
    )
    if row is None:
        return
    answer = kept.settle(KIND, row, event)
    if answer.get("qr_code"):
        row.qr_url = str(answer["qr_code"])[:500]
        row.save(update_fields=["qr_url"])
    if row.is_usable and not row.qr_picture:
        enqueue(READ_TASK, tenant_id=tenant_id, way_id=row.pk)


def way_read(*, tenant_id: int, way_id: int) -> bool:
    """Ask WeCom about one code: its picture, and whether it is still there. Returns whether it is.

    Raises Retryable or Stopped when WeCom cannot be asked. Safe to repeat.
    """
    row = ContactWay.objects.get(tenant_id=tenant_id, pk=way_id)
    if not row.is_usable:
        return False
    try:
        seen = client_for(tenant_id, row.app_id).ways.get(config_id=row.vendor_id)
    except Permanent as error:
        if error.code not in UNKNOWN_CODES:
            raise
        kept.mark_gone(ContactWay.objects.filter(tenant_id=tenant_id, pk=way_id))
        return False
    url = str(seen.get("qr_code") or row.qr_url)
    known = row.qr_picture if url == row.qr_url else ""
    ContactWay.objects.filter(tenant_id=tenant_id, pk=way_id).update(
        qr_url=url[:500], qr_picture=known or kept.picture(url)
    )
    return True


def ways_check(*, tenant_id: int) -> int:
    """The nightly look at every code: pictures that are missing, codes that are gone. Returns how many were gone."""
    rows = ContactWay.objects.filter(tenant_id=tenant_id)
    return kept.check_each(rows, lambda way_id: way_read(tenant_id=tenant_id, way_id=way_id))


def _locked(tenant_id: int, way_id: int) -> ContactWay:
    return ContactWay.objects.select_for_update(of=("self",), no_key=True).get(tenant_id=tenant_id, pk=way_id)


def _refuse_undecided(row: ContactWay) -> None:
    if row.status == KeptState.UNKNOWN:
        raise WayBusy


def _checked_staff(tenant: Tenant, staff_ids: list[int]) -> list[int]:
    known = set(
        staff_list(tenant_id=tenant.pk, active_only=True)
        .filter(pk__in=staff_ids, can_contact=True)
        .values_list("pk", flat=True)
    )
    found = [one for one in dict.fromkeys(staff_ids) if one in known]
    if not found:
        raise WayInvalid(_("Choose at least one member who may talk to customers."))
    if len(found) > STAFF_PER_CODE:
        raise WayInvalid(_("WeCom takes at most %(n)s members behind one code.") % {"n": STAFF_PER_CODE})
    return found
