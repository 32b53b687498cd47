"""What reached whom: the gate's counts and its log."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from contacts.models.people import Customer
from tenants.scoping import TenantModel


class ExposureDay(TenantModel):
    """How many touches reached a person on one of the tenant's local days. Written by the gate only.

    `customer` is the record that stands for the person (R37): what reached other records is counted here too.
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    local_date = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "local_date"], name="contacts_exposure_day_once"
            )
        ]


class ExposureWeek(TenantModel):
    """The same for a week of the tenant's zone; `starts_on` is its Monday. Written by the gate only."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    starts_on = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "customer", "starts_on"], name="contacts_exposure_week_once"
            )
        ]


class GroupDay(TenantModel):
    """How many touches went into a group on one of the tenant's local days. Written by the gate only."""

    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)
    local_date = models.DateField()
    count = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group", "local_date"], name="contacts_group_day_once")
        ]


class Exposure(TenantModel):
    """One touch let through to one person: the gate's raw log, append-only.

    `weight` is 1; a touch that in the end reached nobody gets a further row of -1 (`gate_release`), and one that
    goes out after all another 1. `seq` counts these rows of one touch and person from 0: even ones are passes.
    The different touches that stand, by person and day, are ExposureDay's count; a nightly certificate proves it
    (sop.services.certificate).
    """

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    touch_key = models.CharField(max_length=96)
    seq = models.PositiveSmallIntegerField(default=0)
    weight = models.SmallIntegerField(default=1)
    local_date = models.DateField()
    at = models.DateTimeField()
    channel = models.CharField(max_length=24)
    group = models.ForeignKey(
        "groups.Group", null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    gives_value = models.BooleanField(
        default=False, db_default=False
    )  # it sold nothing and gave something (R76)
    capped = models.BooleanField(default=True)  # False: a service message, outside the caps

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "touch_key", "customer", "seq"], name="contacts_exposure_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "customer", "local_date"], name="contacts_exposure_person"),
            BrinIndex(fields=["tenant", "at"], name="contacts_exposure_when"),
        ]
