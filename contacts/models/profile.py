"""What is known of a person beyond WeCom's columns, each with who said it and when (R28)."""

from django.db import models

from contacts.enums import OwnFieldKind, ProfileField, ProfileSource
from contacts.models.people import Customer
from contacts.policies.own_fields import PREFIX, OwnSpec
from tenants import clock
from tenants.scoping import TenantModel


class ProfileFact(TenantModel):
    """The latest that one source said of one field. `value` "": the person was asked and did not say.

    `field` is a ProfileField or the key of an OwnField.

    `value` holds a key of Gender or Education, a year, or free words. `said_by` is the staff member, form or file.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    field = models.CharField(max_length=16, choices=ProfileField)
    source = models.CharField(max_length=8, choices=ProfileSource)
    value = models.CharField(max_length=200, blank=True)
    said_at = models.DateTimeField()
    said_by = models.CharField(max_length=128, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "field", "source"], name="contacts_profile_fact_once"
            )
        ]
        indexes = [models.Index(fields=["tenant", "field", "value"], name="contacts_profile_by_value")]

    def __str__(self) -> str:
        return f"{self.field}={self.value}"


class OwnField(TenantModel):
    """A profile field that the company declares itself. `options` are the words of a choice, in their order.

    One put away keeps its row and what is known by it; nobody is asked for it any more.
    """

    name = models.CharField(max_length=40)
    kind = models.CharField(max_length=8, choices=OwnFieldKind)
    options = models.JSONField(default=list)
    archived_at = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="contacts_own_field_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def spec(self) -> OwnSpec:
        return OwnSpec(f"{PREFIX}{self.pk}", self.name, self.kind, tuple(self.options))
