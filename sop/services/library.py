"""The library of templates: take one in from a file, rename it, put it away and take it out again."""

import secrets as random
from typing import TYPE_CHECKING

from django.db import transaction

from sop.errors import NameMissing
from sop.models import Template, Version
from sop.policies.template_file import read
from sop.services.templates import blueprint_store
from tenants import audit, clock
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant

NAME_LENGTH = 64


def template_import(*, tenant: "Tenant", text: str, language: str, actor: Actor) -> Version:
    """Make a template with a first draft from a file's text; all of it or nothing. Each call makes a new one.

    Raises FileRefused with every fault, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    blueprint = read(text, language=language)
    with transaction.atomic():
        version = blueprint_store(tenant=tenant, blueprint=blueprint, code=f"file-{random.token_hex(4)}")
        audit.record(
            tenant=tenant,
            actor=actor,
            verb="sop.template.imported",
            target=version.template,
            changes={"steps": [None, len(blueprint.steps)]},
        )
    return version


def template_rename(*, tenant: "Tenant", template_id: int, name: str, purpose: str, actor: Actor) -> Template:
    """Another name and purpose; versions and runs keep pointing at it. Safe to repeat.

    Raises Template.DoesNotExist, NameMissing, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    if not name.strip():
        raise NameMissing
    with transaction.atomic():
        template = Template.objects.select_for_update().get(tenant=tenant, pk=template_id)
        before = {"name": template.name, "purpose": template.purpose}
        template.name, template.purpose = name.strip()[:NAME_LENGTH], purpose.strip()[:200]
        after = {"name": template.name, "purpose": template.purpose}
        if before != after:
            template.save(update_fields=["name", "purpose"])
            changes = {key: [before[key], after[key]] for key in after if before[key] != after[key]}
            audit.record(
                tenant=tenant, actor=actor, verb="sop.template.renamed", target=template, changes=changes
            )
    return template


def template_archive(*, tenant: "Tenant", template_id: int, actor: Actor) -> Template:
    """Put a template away: no new run can start from it; runs under way go on. Safe to repeat.

    Raises Template.DoesNotExist, NotPermitted.
    """
    return _put(tenant, template_id, actor, is_archived=True)


def template_restore(*, tenant: "Tenant", template_id: int, actor: Actor) -> Template:
    """Take an archived template out again. Safe to repeat. Raises Template.DoesNotExist, NotPermitted."""
    return _put(tenant, template_id, actor, is_archived=False)


def _put(tenant: "Tenant", template_id: int, actor: Actor, *, is_archived: bool) -> Template:
    require(actor, Permission.OPERATE)
    with transaction.atomic():
        template = Template.objects.select_for_update().get(tenant=tenant, pk=template_id)
        if (template.archived_at is not None) != is_archived:
            template.archived_at = clock.now() if is_archived else None
            template.save(update_fields=["archived_at"])
            verb = "sop.template.archived" if is_archived else "sop.template.restored"
            audit.record(tenant=tenant, actor=actor, verb=verb, target=template)
    return template
