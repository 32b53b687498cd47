"""What contacts shows when a colleague leaves or moves (R125): customers move in WeCom."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.enums import FollowState
from contacts.models import Follow
from team.services.handover import Part


def _customers(*, tenant_id: int, staff_id: int) -> QuerySet:
    rows = Follow.objects.filter(tenant_id=tenant_id, staff_id=staff_id, state=FollowState.FULL)
    return rows.select_related("customer").order_by("pk")


PARTS = [
    Part("customers", _("Customers in WeCom"), _customers, None, order=30,
         note=_("WeCom moves them, from its own admin console: after 24 hours, if the customer does not refuse, "
                "each customer twice in 90 days at most. They show up here by themselves."),
         line=lambda row: (str(row.customer), row.remark)),
]  # fmt: skip
