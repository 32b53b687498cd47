"""What customers need, noted in their words and tied to the words that answer it (R74)."""

from django.db import transaction

from content.selectors import script_by_ids
from leads.enums import NOTED_KINDS, LeadEventKind, NeedKind
from leads.errors import NeedEmpty, ScriptGone
from leads.models import Need, NeedScript
from leads.services.hand import lead_in_hand, lead_note
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

TEXT_CHARS = 120


def need_words(text: str) -> str:
    """The words as they are kept: the same need typed with other spaces is the same need."""
    return " ".join(text.split())[:TEXT_CHARS]


def need_note(*, tenant: Tenant, lead_id: int, kind: str, text: str, actor: Actor) -> Need:
    """Note one need of NOTED_KINDS. The same words of one kind on one lead are one need.

    Raises NeedEmpty, Lead.DoesNotExist, ValueError for another kind. Safe to repeat.
    """
    words = need_words(text)
    if not words:
        raise NeedEmpty
    if kind not in NOTED_KINDS:
        raise ValueError(kind)
    with lead_in_hand(tenant, lead_id, actor, open_only=False) as lead:
        need, created = Need.objects.get_or_create(
            tenant=tenant, lead=lead, kind=kind, text=words,
            defaults={"noted_at": clock.now(), "noted_by": actor.name[:128]},
        )  # fmt: skip
        if created:
            lead_note(lead, LeadEventKind.NEED, actor, need=need.pk, what=kind)
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="leads.need.noted",
                target=lead,
                changes={"kind": [None, kind]},
            )
    return need


def need_drop(*, tenant: Tenant, need_id: int, actor: Actor) -> None:
    """Take back what was noted by mistake. Raises Need.DoesNotExist, also for one that was taken back."""
    require(actor, Permission.WORK)
    with transaction.atomic():
        need = Need.objects.select_for_update().select_related("lead").get(tenant=tenant, pk=need_id)
        audit.record(
            tenant=tenant, actor=actor, verb="leads.need.dropped", target=need.lead,
            changes={"kind": [need.kind, None]},
        )  # fmt: skip
        need.delete()


def need_tie(*, tenant: Tenant, kind: str, text: str, script_id: int | None, actor: Actor) -> None:
    """Say which script answers a need or doubt, on every lead that has it; None takes the tie away.

    Raises ScriptGone for one that is unknown or put away, NeedEmpty, ValueError. Safe to repeat.
    """
    require(actor, Permission.WORK)
    words = need_words(text)
    if not words:
        raise NeedEmpty
    if kind not in NeedKind.values:
        raise ValueError(kind)
    with transaction.atomic():
        rows = NeedScript.objects.select_for_update().filter(tenant=tenant, kind=kind, text=words)
        before = rows.values_list("script_id", flat=True).first()
        if script_id is None:
            rows.delete()
        else:
            script = script_by_ids(tenant_id=tenant.pk, script_ids=[script_id]).get(script_id)
            if script is None or script.archived_at is not None:
                raise ScriptGone
            NeedScript.objects.update_or_create(
                tenant=tenant, kind=kind, text=words,
                defaults={"script_id": script_id, "tied_at": clock.now(), "tied_by": actor.name[:128]},
            )  # fmt: skip
        if before != script_id:
            audit.record(
                tenant=tenant, actor=actor, verb="leads.need.tied",
                changes={"script": [before, script_id], "kind": [None, kind]},
            )  # fmt: skip
