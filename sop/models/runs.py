"""Runs: a version carried out in some groups."""

from django.db import models

from sop.enums import ExitRule, RunState
from sop.models.templates import Version
from tenants import clock
from tenants.scoping import TenantModel


class Run(TenantModel):
    """One camp: a published version carried out in some groups from a start date."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="runs", db_index=False)
    name = models.CharField(max_length=64)
    starts_on = models.DateField()  # day 1, tenant's zone
    days = models.PositiveSmallIntegerField()
    after_days = models.PositiveSmallIntegerField(default=0)
    phases = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=RunState, default=RunState.RUNNING)
    key_interaction = models.CharField(max_length=32, blank=True)  # a behaviour kind (R45, R111)
    key_interaction_object = models.CharField(max_length=128, blank=True)  # only this object; empty: any
    offer_ends_at = models.DateTimeField(null=True, blank=True)
    interaction_url = models.URLField(max_length=500, blank=True)  # where the key interaction happens
    product_title = models.CharField(max_length=64, blank=True)
    product_url = models.URLField(max_length=500, blank=True)
    variables = models.JSONField(default=dict, blank=True)  # {"老师称呼": "小鱼老师", ...}
    window_id = models.BigIntegerField(null=True, blank=True)  # leads.Window of this run
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "state", "starts_on"], name="sop_run_by_state")]

    def __str__(self) -> str:
        return self.name


class RunGroup(TenantModel):
    """A group that takes part in a run."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="run_groups", db_index=False)
    group = models.ForeignKey("groups.Group", on_delete=models.CASCADE, related_name="+", db_index=False)
    added_at = models.DateTimeField(default=clock.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "run", "group"], name="sop_run_group_once")]
        indexes = [models.Index(fields=["tenant", "group"], name="sop_run_group_by_group")]


class RunExit(TenantModel):
    """A person (`customer`) or a whole group that left a run by a rule of its version, once and for good.

    `value` is what the rule asked for: a tag's name, a tier, a size.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="exits", db_index=False)
    group = models.ForeignKey(
        "groups.Group", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "contacts.Customer", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    rule_code = models.CharField(max_length=16, choices=ExitRule)
    value = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "run", "group", "customer"], name="sop_run_exit_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["tenant", "customer"], name="sop_run_exit_by_customer")]

    def __str__(self) -> str:
        return f"{self.rule_code} {self.customer or self.group}"
