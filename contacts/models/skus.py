"""What the tenant sells (R38): the catalogue that tells what an order means on a customer's way."""

from django.db import models

from contacts.enums import SkuKind
from tenants import clock
from tenants.scoping import TenantModel


class Sku(TenantModel):
    """One thing that can be bought. Orders name it by `code`, whether it is known here before or after them.

    `price_fen` is its list price in fen; None is unknown. One put away keeps its row, so that old orders still read.
    """

    code = models.CharField(max_length=128)
    name = models.CharField(max_length=200)
    price_fen = models.BigIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=12, choices=SkuKind, default=SkuKind.FIRST)
    archived_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "code"], name="contacts_sku_once")]

    def __str__(self) -> str:
        return self.name
