"""True facts of a product, whom they matter to, and where they were told (R66)."""

from django.db import models

from content.enums import FactUsedIn
from tenants import clock
from tenants.scoping import TenantModel


class Persona(TenantModel):
    """A kind of person by what their profile says: every rule must hold. No rules: everybody.

    `rules`: [{"field", "values"}], a field of the profile and the values that fit; a birth year's are
    "from-to" years.
    """

    name = models.CharField(max_length=40)
    need = models.CharField(max_length=200, blank=True)  # what such people care about
    rules = models.JSONField(default=list, blank=True)
    rank = models.PositiveSmallIntegerField(default=50)  # lower is asked first
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="content_persona_once")]

    def __str__(self) -> str:
        return self.name


class ProductFact(TenantModel):
    """One thing about a product that is true and can be shown. Without evidence, or past its day, it is not told."""

    text = models.CharField(max_length=200)
    sku_code = models.CharField(max_length=128, blank=True)  # of which product; "": of all
    evidence = models.CharField(max_length=300, blank=True)  # where it is shown: report, page, contract
    evidence_url = models.URLField(max_length=500, blank=True)
    valid_until = models.DateField(null=True, blank=True)  # a day of the tenant's zone, inclusive
    personas = models.JSONField(default=list, blank=True)  # ids of Persona; []: for everybody
    rank = models.PositiveSmallIntegerField(default=50)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.text


class FactUse(TenantModel):
    """A fact was told to one person. `ref` names the script or touch; the same telling counts once."""

    fact = models.ForeignKey(ProductFact, on_delete=models.CASCADE, related_name="uses", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    used_in = models.CharField(max_length=8, choices=FactUsedIn)
    ref = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "fact", "customer", "ref"], name="content_fact_use_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "fact", "-at"], name="content_fact_use_recent")]
