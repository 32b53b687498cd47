"""Back to an older version: history is kept, the next version says the same as the old one (R56)."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from sop.enums import VersionState
from sop.errors import DraftExists, ReasonMissing, VersionNewest
from sop.models import Step, Version
from sop.selectors.differences import step_fields
from sop.services.templates import version_publish
from team.enums import PlanKind
from team.selectors.goals import goals_served
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.services import require

if TYPE_CHECKING:
    from tenants.models import Tenant


def version_restore(
    *, tenant: "Tenant", version_id: int, reason: str, actor: Actor, publish: bool = False
) -> Version:
    """The next version of a template, equal to an older published one: a draft, or published at once.

    It counts as changed from the newest published version, so that its difference is what the way back changes.
    Raises VersionNewest, DraftExists, ReasonMissing, ChecksFailed (with `publish`), NotPermitted. All or nothing.
    """
    require(actor, Permission.OPERATE)
    if not reason.strip():
        raise ReasonMissing
    source = Version.objects.select_related("template").get(tenant=tenant, pk=version_id)
    versions = Version.objects.filter(tenant=tenant, template=source.template)
    newest = versions.filter(state=VersionState.PUBLISHED).order_by("-number").first()
    if newest is None or newest.pk == source.pk or source.state != VersionState.PUBLISHED:
        raise VersionNewest
    try:
        with transaction.atomic():
            draft = Version.objects.create(
                tenant=tenant,
                template=source.template,
                number=(versions.aggregate(last=Max("number"))["last"] or 0) + 1,
                days=source.days,
                after_days=source.after_days,
                phases=source.phases,
                offer_day=source.offer_day,
                offer_at=source.offer_at,
                exits=source.exits,
                parent=newest,
                change_reason=(_("Back to v%(n)s: ") % {"n": source.number} + reason.strip())[:200],
            )
            Step.objects.bulk_create(_copies(source, draft))
            audit.record(
                tenant=tenant,
                actor=actor,
                verb="sop.version.restored",
                target=draft,
                changes={"from": [f"v{newest.number}", f"v{source.number}"]},
                reason=reason.strip(),
            )
            if publish:
                said = goals_served(tenant_id=tenant.pk, kind=PlanKind.VERSION, plan_ids=[version_id])
                serves = said[version_id].words if version_id in said else reason
                return version_publish(tenant=tenant, version_id=draft.pk, actor=actor, serves=serves)
    except IntegrityError as error:
        raise DraftExists from error
    return draft


def _copies(source: Version, target: Version) -> list[Step]:
    """The steps of a version for another, with everything they say."""
    rows = Step.objects.filter(tenant=source.tenant, version=source).order_by("pk")
    names = {one.name: one.attname for one in Step._meta.concrete_fields}
    return [
        Step(
            tenant=target.tenant,
            version=target,
            key=row.key,
            **{names[name]: value for name, value in step_fields(row).items()},
        )
        for row in rows
    ]
