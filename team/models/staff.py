"""Staff of the corp, as WeCom knows them."""

from django.db import models

from tenants import clock
from tenants.scoping import TenantModel


class Department(TenantModel):
    """One department of the corp. Ids are WeCom's; `parent_id` 0 is the root's parent."""

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    dept_id = models.BigIntegerField()
    parent_id = models.BigIntegerField(default=0)
    name = models.CharField(max_length=128)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "app", "dept_id"], name="team_department_once")
        ]

    def __str__(self) -> str:
        return self.name


class Staff(TenantModel):
    """An enterprise account. `userid` is WeCom's; a leaver stays as a row that is not active.

    `can_contact`: WeCom lets this member talk to customers. `membership`: the console login of the same person,
    linked by a leader.
    """

    app = models.ForeignKey("wecom.App", on_delete=models.CASCADE, related_name="+", db_index=False)
    userid = models.CharField(max_length=64)
    name = models.CharField(max_length=64, blank=True)
    department_ids = models.JSONField(default=list)  # [1, 7]
    is_active = models.BooleanField(default=True)
    can_contact = models.BooleanField(default=False)
    membership = models.ForeignKey(
        "tenants.Membership",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField(default=clock.now)
    synced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "app", "userid"], name="team_staff_once")]
        indexes = [
            models.Index(fields=["tenant", "userid"], name="team_staff_userid"),
            models.Index(
                fields=["tenant", "membership"],
                name="team_staff_member",
                condition=models.Q(membership__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.userid
