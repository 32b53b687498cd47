"""Who qualifies for a super-user group, and who was asked to join it (R16)."""

from django.db import models

from groups.enums import OPEN_INVITES, InviteState
from groups.models.group import Group
from tenants import clock
from tenants.scoping import TenantModel


class ScreeningRule(TenantModel):
    """The screening rule of one super-user group and its benefits, as every customer may read them.

    `conditions` are those of contacts.policies.tag_rules, and "tag:<name>"; `words` says them to customers.
    The page is public under `token` while `published_at` is set; the token never changes.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="screening", db_index=False)
    conditions = models.JSONField(default=list)
    needs_all = models.BooleanField(default=True)
    words = models.TextField(max_length=500)
    benefits = models.TextField(max_length=1000)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=clock.now)
    changed_by = models.CharField(max_length=128, blank=True)
    token = models.CharField(max_length=40)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "group"], name="screening_rule_once"),
            models.UniqueConstraint(fields=["tenant", "token"], name="screening_rule_token_once"),
        ]


class Invitation(TenantModel):
    """One person asked to join one super-user group. `staff` asks in person: WeCom has no invitation for customers.

    `evidence` is what the rule counted then; `mix` the shares when it was decided: {"supers", "customers",
    "supers_after", "customers_after"}; `reason` why it was made though it breaks the band.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="invitations", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    state = models.CharField(max_length=10, choices=InviteState, default=InviteState.INVITED)
    is_super = models.BooleanField(default=False)  # carried the tag of a super-user then
    evidence = models.JSONField(default=dict)
    mix = models.JSONField(default=dict)
    reason = models.CharField(max_length=200, blank=True)
    invited_at = models.DateTimeField(default=clock.now)
    invited_by = models.CharField(max_length=128, blank=True)
    told_at = models.DateTimeField(null=True)  # the staff member has asked
    answered_at = models.DateTimeField(null=True)
    answer_note = models.CharField(max_length=200, blank=True)
    admitted_at = models.DateTimeField(null=True)
    welcomed_at = models.DateTimeField(null=True)  # the ceremony was held

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "customer"],
                condition=models.Q(state__in=OPEN_INVITES),
                name="invitation_open_once",
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "group", "-invited_at"], name="invitation_of_group"),
            models.Index(fields=["tenant", "customer"], name="invitation_of_customer"),
        ]
