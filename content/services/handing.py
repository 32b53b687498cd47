"""What content hands over when a colleague leaves or moves (R125)."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from content.models import Material
from team.services.handover import Part, renamed


def _materials(*, tenant_id: int, staff_id: int) -> QuerySet:
    return Material.objects.filter(tenant_id=tenant_id, owner_id=staff_id).order_by("pk")


PARTS = [
    Part(
        "materials", _("Materials and answers they keep"), _materials, renamed(_materials, "owner"), order=60
    )
]
