"""Who sits in a group and when."""

from django.db import models
from django.db.models import F, Q

from groups.enums import JoinScene, QuitScene
from groups.models.group import Group
from tenants.scoping import TenantModel


class Member(TenantModel):
    """One spell of one person in one group. Someone who returns gets a new row."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="members", db_index=False)
    userid = models.CharField(max_length=64)  # a staff userid or an external_userid
    staff = models.ForeignKey(
        "team.Staff", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "contacts.Customer", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    is_staff = models.BooleanField(default=False)  # what WeCom says, also while the staff row is unknown
    joined_at = models.DateTimeField()
    joined_is_estimate = models.BooleanField(default=False)
    left_at = models.DateTimeField(null=True)
    left_is_estimate = models.BooleanField(default=False)
    join_scene = models.CharField(max_length=8, choices=JoinScene, blank=True)
    quit_scene = models.CharField(max_length=10, choices=QuitScene, blank=True)
    invited_by = models.CharField(max_length=64, blank=True)
    state_code = models.CharField(max_length=64, blank=True)  # the `state` of the join code
    channel = models.ForeignKey(
        "contacts.Channel", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    nickname = models.CharField(max_length=128, blank=True)
    is_creation_invitee = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "group", "userid"], condition=Q(left_at=None), name="member_open_spell_once"
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(left_at__gte=F("joined_at")), name="member_leaves_after_joining"
            ),
        ]
        # What an index includes beyond its order is what pages count of it: they then read the index alone.
        indexes = [
            models.Index(fields=["tenant", "group", "userid", "joined_at"], name="member_spells"),
            models.Index(
                fields=["tenant", "customer", "left_at"],
                include=["group", "is_staff"],
                name="member_of_customer",
            ),
            models.Index(fields=["tenant", "group", "left_at"], name="member_by_group"),
            models.Index(
                fields=["tenant", "state_code", "joined_at"],
                include=["userid", "left_at", "is_staff"],
                name="member_of_code",
                condition=~Q(state_code=""),
            ),
            models.Index(
                fields=["tenant", "channel", "joined_at"],
                include=["userid", "is_staff"],
                name="member_of_channel",
                condition=Q(channel__isnull=False),
            ),
        ]
