"""Group welcome templates: kept at WeCom by us, attached to a group by its owner's hand (PROTOCOL 3.7, R115)."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from content.services import text_sayable
from groups.errors import CodeBusy, TemplateInvalid
from groups.models import Group, WelcomeTemplate
from groups.services.setup import locked_group
from team.enums import Bucket, WorkKind
from team.services import work_item_put
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require
from tenants.words import say
from wecom.enums import KeptState
from wecom.events import SendFinished
from wecom.keeping import kept
from wecom.keeping.kept_rules import TEMPLATE_ADD_BYTES, TEMPLATE_EDIT_BYTES, TEMPLATES_PER_CORP
from wecom.selectors import app_needed
from wecom.welcomes.greetings import template_part
from wecom.welcomes.sayable import welcome_kept

REF_KIND = "groups.welcome_template"
ATTACH = "groups.attach_welcome"
GROUP = "group_mass"  # what is said in a group, to a testimonial's permission


def _fields(row: WelcomeTemplate) -> dict[str, Any]:
    return {
        **({"text": {"content": row.text}} if row.text else {}),
        **template_part([row.part] if row.part else []),
        "agentid": row.app.agent_id,
        **({} if row.vendor_id else {"notify": int(row.notify)}),
    }


KIND = kept.KeptKind(
    ref_kind=REF_KIND, id_field="template_id", make="group_welcome_add", change="group_welcome_edit",
    remove="group_welcome_del", fields=_fields,
)  # fmt: skip


def template_checked(*, tenant: Tenant, text: str, parts: Iterable[dict[str, Any]] = ()) -> None:
    """Whether a group may be greeted with this, to its titles. Raises WordsRefused, ProofUnpublished."""
    along = [str(part.get(name) or "") for part in parts for name in ("title", "desc")]
    text_sayable(tenant, "\n".join(one for one in (text, *along) if one), GROUP)


def template_create(*, tenant: Tenant, name: str, text: str, notify: bool, actor: Actor) -> WelcomeTemplate:
    """A new template with its words; a part may follow, and `template_publish` brings it to WeCom.

    Raises TemplateInvalid, WordsRefused, NotConnected, NotPermitted. Not safe to repeat.
    """
    require(actor, Permission.OPERATE)
    app = app_needed(tenant_id=tenant.pk)
    _check_text(text, TEMPLATE_ADD_BYTES)
    text_sayable(tenant, text, GROUP)
    with transaction.atomic():
        if WelcomeTemplate.objects.filter(tenant=tenant, ended_at=None).count() >= TEMPLATES_PER_CORP:
            raise TemplateInvalid(_("WeCom keeps at most %(n)s templates.") % {"n": TEMPLATES_PER_CORP})
        row = WelcomeTemplate.objects.create(
            tenant=tenant, app=app, name=name.strip()[:40], text=text.strip(), notify=notify, status=KeptState.WAITING,
            created_by=actor.name[:128],
        )  # fmt: skip
        audit.record(tenant=tenant, actor=actor, verb="groups.welcome.added", target=row)
    return row


def template_change(
    *, tenant: Tenant, template_id: int, name: str, text: str, notify: bool, actor: Actor
) -> WelcomeTemplate:
    """Change name and words; what WeCom has is changed by `template_publish`. Raises WordsRefused. Safe to repeat."""
    require(actor, Permission.OPERATE)
    text_sayable(tenant, text, GROUP)
    with transaction.atomic():
        row = _locked(tenant.pk, template_id)
        _check_text(text, TEMPLATE_EDIT_BYTES if row.vendor_id else TEMPLATE_ADD_BYTES)
        before = row.text
        row.name, row.text, row.notify, row.revision = (
            name.strip()[:40],
            text.strip(),
            notify,
            row.revision + 1,
        )
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="groups.welcome.changed", target=row,
            changes={"text": [before, row.text]},
        )  # fmt: skip
        welcome_kept(tenant=tenant)
    return row


def template_set_part(
    *, tenant: Tenant, template_id: int, part: dict[str, Any], actor: Actor
) -> WelcomeTemplate:
    """The one thing beside the words; {} takes it off. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, template_id)
        row.part, row.revision = part, row.revision + 1
        row.save()
        audit.record(
            tenant=tenant, actor=actor, verb="groups.welcome.changed", target=row,
            changes={"part": [None, part.get("kind", "")]},
        )  # fmt: skip
        welcome_kept(tenant=tenant)
    return row


def template_publish(*, tenant: Tenant, template_id: int, actor: Actor) -> WelcomeTemplate:
    """Bring what is written here to WeCom: made the first time, changed after. Safe to repeat.

    A creation that nobody can find is made anew: the person has looked in the WeCom console. Raises WordsRefused where
    its words are forbidden by now.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, template_id)
        if not row.text and not row.part:
            raise TemplateInvalid(_("Write some words, or add a picture, link, mini-program, file or video."))
        template_checked(tenant=tenant, text=row.text, parts=[row.part] if row.part else [])
        audit.record(tenant=tenant, actor=actor, verb="groups.welcome.published", target=row)
        kept.ask_again(KIND, row)
    return row


def template_end(*, tenant: Tenant, template_id: int, actor: Actor) -> WelcomeTemplate:
    """Remove a template at WeCom for good: groups it is attached to greet nobody any more. Safe to repeat."""
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, template_id)
        if row.status == KeptState.UNKNOWN:
            raise CodeBusy
        if row.ended_at is None and not row.is_ending:
            row.is_ending = True
            audit.record(tenant=tenant, actor=actor, verb="groups.welcome.ended", target=row)
        kept.push(KIND, row)
    return row


def template_settle(*, tenant_id: int, event: SendFinished) -> None:
    """The queue's outcome for one template, in the caller's transaction. Safe to repeat."""
    row = (
        WelcomeTemplate.objects.select_for_update(of=("self",))
        .filter(tenant_id=tenant_id, pk=event.ref_id)
        .first()
    )
    if row is not None:
        kept.settle(KIND, row, event)


def template_ask_owners(*, tenant: Tenant, template_id: int, group_ids: list[int], actor: Actor) -> int:
    """Ask the owners of these groups to attach the template: WeCom lets nobody else. Returns how many were asked.

    Raises TemplateInvalid while WeCom does not have it. Safe to repeat: a group has one such task.
    """
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        row = _locked(tenant.pk, template_id)
        if not row.is_usable:
            raise TemplateInvalid(_("WeCom does not have this template yet."))
        groups = [locked_group(tenant, one) for one in sorted(set(group_ids))]
        for group in groups:
            _ask(tenant, row, group)
        audit.record(
            tenant=tenant, actor=actor, verb="groups.welcome.owners_asked", target=row,
            changes={"groups": [None, len(groups)]},
        )  # fmt: skip
    return len(groups)


def _ask(tenant: Tenant, row: WelcomeTemplate, group: Group) -> None:
    work_item_put(
        tenant_id=tenant.pk,
        source_kind=ATTACH,
        source_id=group.pk,
        staff_id=group.owner_id,
        group_id=group.pk,
        kind=WorkKind.SOP_TASK,
        bucket=Bucket.REMIND,
        title=say("Attach the welcome “%(name)s” to %(group)s") % {"name": row.name, "group": group},
        detail=say(
            "In WeCom on the phone: open the group, ··· at the top right, Group management, Welcome to new members,"
            " choose it from the list."
        ),
        script=row.text,
        reason=say("WeCom lets only the group's owner attach a welcome."),
        rule_code="R115",
        url=reverse("groups:welcome", kwargs={"tenant_slug": tenant.slug, "pk": row.pk}),
    )


def _locked(tenant_id: int, template_id: int) -> WelcomeTemplate:
    return WelcomeTemplate.objects.select_for_update(of=("self",)).get(tenant_id=tenant_id, pk=template_id)


def _check_text(text: str, most_bytes: int) -> None:
    if len(text.strip().encode()) > most_bytes:
        raise TemplateInvalid(
            _("The words have %(n)s bytes, WeCom takes %(most)s. A Chinese character has three.")
            % {"n": len(text.strip().encode()), "most": most_bytes}
        )
