"""Tracked links made of a material."""

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _

from content.enums import LinkKind
from content.errors import MaterialInvalid
from content.models import Material
from content.policies.attachments import LINK
from content.selectors.links import SOURCE
from content.services import RadarWish, radar_links_put
from tenants import audit
from tenants.audit import Actor
from tenants.enums import Permission
from tenants.models import Tenant
from tenants.services import require

URL_CHARS = 1000


def material_track(*, tenant: Tenant, material_id: int, actor: Actor) -> dict[tuple[int, str], str]:
    """Make a tracked link of every address the material names. Safe to repeat: what was made stays as it is.

    Raises MaterialInvalid where it names none, NotPermitted.
    """
    require(actor, Permission.OPERATE)
    material = Material.objects.get(tenant=tenant, pk=material_id)
    wanted = [(one["title"], one["kind"], one["url"]) for one in material.links]
    wanted += [
        (one["title"], LinkKind.LINK.value, one["url"]) for one in material.attachments if one["kind"] == LINK
    ]
    wanted = [one for one in wanted if len(one[2]) <= URL_CHARS]
    if not wanted:
        raise MaterialInvalid(_("It names no address to track."))
    with transaction.atomic():
        made = radar_links_put(
            tenant_id=tenant.pk,
            wishes=[
                RadarWish(
                    target_url=url, title=title, kind=kind, source_kind=SOURCE, source_id=material.pk,
                    source_key=hashlib.sha256(url.encode()).hexdigest()[:40], object_id=f"material:{material.pk}",
                )
                for title, kind, url in wanted
            ],
        )  # fmt: skip
        audit.record(tenant=tenant, actor=actor, verb="content.material.tracked", target=material)
    return made
