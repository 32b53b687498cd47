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


class PriceAnchor(TenantModel):
    """A price that may stand crossed out beside a lower one (R91), with the proof it had when it was set (R128).

    `facts`: {"days", "sales", "last_at", "lowest_fen", "last_fen"} as policies.prices.PriceFacts had them.
    """

    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="anchors", db_index=False)
    price_fen = models.BigIntegerField()
    reason = models.CharField(max_length=500)
    facts = models.JSONField(default=dict)
    set_at = models.DateTimeField(default=clock.now)
    set_by = models.CharField(max_length=128)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "sku"], condition=models.Q(ended_at=None), name="contacts_anchor_one"
            ),
            models.CheckConstraint(condition=models.Q(price_fen__gt=0), name="contacts_anchor_positive"),
        ]
        indexes = [models.Index(fields=["tenant", "sku", "set_at"], name="contacts_anchor_sku")]
