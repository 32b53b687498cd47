"""What a leader says of a colleague: the kind of work they are best at, the result they own, their hours."""

from django.db import models

from team.enums import StaffKind
from team.models.staff import Staff
from tenants import clock
from tenants.scoping import TenantModel


class StaffProfile(TenantModel):
    """One colleague's profile (R120, R121). It decides who is suggested for what, never what anybody is paid.

    `own_metric`: the key of the conversion metric the person answers for, "" while none is chosen. `backup` is shown
    the person's work outside their shifts.
    """

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=StaffKind, blank=True)
    strengths = models.CharField(max_length=200, blank=True)
    own_metric = models.CharField(max_length=40, blank=True)
    backup = models.ForeignKey(
        Staff, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    changed_by = models.CharField(max_length=128)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "staff"], name="team_profile_once"),
            models.CheckConstraint(
                condition=models.Q(backup__isnull=True) | ~models.Q(backup=models.F("staff")),
                name="team_profile_backup_is_another",
            ),
        ]
        indexes = [
            models.Index(
                fields=["tenant", "backup"],
                name="team_profile_backup",
                condition=models.Q(backup__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.staff)


class Shift(TenantModel):
    """A colleague's hours on one day of the week, on the company's wall. `weekday` 0 is Monday.

    An end at or before the start lies on the next day: 22:00 to 06:00.
    """

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+", db_index=False)
    weekday = models.PositiveSmallIntegerField()
    starts_at = models.TimeField()
    ends_at = models.TimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "staff", "weekday"], name="team_shift_once"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="team_shift_weekday"),
        ]


class DayOff(TenantModel):
    """A day on which a colleague does not work, whatever the week says."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "staff", "day"], name="team_day_off_once")]
        indexes = [models.Index(fields=["tenant", "day"], name="team_day_off_by_day")]
