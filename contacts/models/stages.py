"""The trust stages (R33): how people moved through them, and what a company says of each itself."""

from typing import Any

from django.db import models

from contacts.enums import StageSource
from contacts.models.people import Customer
from tenants import clock
from tenants.scoping import TenantModel


class StageMove(TenantModel):
    """One move. `evidence` of one by rule: {count: [found, needed]}; by hand there is a `reason` instead."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_index=False)
    from_stage = models.PositiveSmallIntegerField()
    to_stage = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=8, choices=StageSource)
    at = models.DateTimeField()
    moved_by = models.CharField(max_length=128, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    evidence: Any = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["tenant", "customer", "-at"], name="contacts_stage_move_person")]

    def __str__(self) -> str:
        return f"{self.from_stage} > {self.to_stage}"


class StageSetting(TenantModel):
    """What a company says of one stage in its own words, and its own rule. "" and None: as built in.

    `counts` {count: at least}; {}: nobody gets there by itself. `any_of`: one of them is enough.
    """

    stage = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=200, blank=True)
    need = models.CharField(max_length=200, blank=True)
    action = models.CharField(max_length=200, blank=True)
    content = models.CharField(max_length=200, blank=True)
    counts: Any = models.JSONField(null=True, blank=True)
    any_of = models.BooleanField(default=False)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "stage"], name="contacts_stage_setting_once")
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.name}"


class StageRun(TenantModel):
    """Everyone judged anew by what is on record: for whoever was known before stages were judged.

    `upto_id` is how far it is (customer ids, ascending), `seen` of `total` people are looked at, `moved` went forward.
    """

    asked_by = models.CharField(max_length=128)
    asked_at = models.DateTimeField(default=clock.now)
    total = models.PositiveIntegerField()
    upto_id = models.BigIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    touched_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant"], name="contacts_stage_run_alone", condition=models.Q(done_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["tenant", "-asked_at"], name="contacts_stage_run_recent")]

    def __str__(self) -> str:
        return f"{self.seen} / {self.total}"
