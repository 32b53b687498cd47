"""The circles of a group and who moved between them (R21)."""

from django.db import models
from django.db.models import F, Q

from groups.enums import Circle
from groups.models.group import Group
from tenants.scoping import TenantModel


class CircleSpell(TenantModel):
    """One person in one circle of one group from a local day until another; `until_day` None: still.

    The circle of a day follows from the 14 full local days before it. `active_days` and `gave` are what was counted
    on the last day of the spell, {"answer": 2, "referral": 1}; derived, and equal to a rebuild.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    circle = models.CharField(max_length=10, choices=Circle)
    from_day = models.DateField()
    until_day = models.DateField(null=True)  # the first day on which it no longer holds
    active_days = models.PositiveSmallIntegerField(default=0)
    gave = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "customer", "from_day"], name="circle_spell_once"
            ),
            models.CheckConstraint(
                condition=Q(until_day=None) | Q(until_day__gt=F("from_day")), name="circle_spell_has_days"
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "group", "circle"], name="circle_now", condition=Q(until_day=None)
            ),
            models.Index(fields=["tenant", "customer"], name="circle_of_customer"),
        ]
