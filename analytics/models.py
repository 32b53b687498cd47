"""The figures of each day, summed once so that pages need not sum them, and which days are to be summed anew."""

from django.db import models
from django.db.models import F, Q

from tenants.scoping import TenantModel


class DayFill(TenantModel):
    """One day of a company (its own zone) and whether its figures hold.

    Whoever learns something about the day adds one to `wanted`; a fill that began when `wanted` was n ends with `done`
    n. So nothing that came while it ran is lost. `until`: the moment up to which the figures tell, the day's end once
    it is over.
    """

    day = models.DateField()
    wanted = models.PositiveIntegerField(default=1)
    done = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(null=True)
    filled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "day"], name="analytics_fill_once")]
        indexes = [
            models.Index(
                fields=["tenant", "-day"], name="analytics_fill_waits", condition=Q(wanted__gt=F("done"))
            )
        ]

    def __str__(self) -> str:
        return self.day.isoformat()


class DayFigures(TenantModel):
    """What one group, or the whole company (`group` null), was and did on one day. Counts of people are of persons,
    each once; staff are none. Made anew from the rows below, never corrected in place.

    `customers` sat in it at the end of the day. Of those, `active_<n>` did something within the last n days up to then,
    `speakers_<n>` wrote in it. `buyers_<n>` ordered within them while they sat in it. `joined`, `left` and `removed`
    (part of `left`) are times, not people; `paid_fen` is what was paid less what was given back.
    """

    day = models.DateField()
    group = models.ForeignKey(
        "groups.Group", null=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    customers = models.PositiveIntegerField(default=0)
    joined = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    active_1 = models.PositiveIntegerField(default=0)
    active_7 = models.PositiveIntegerField(default=0)
    active_28 = models.PositiveIntegerField(default=0)
    speakers_1 = models.PositiveIntegerField(default=0)
    speakers_7 = models.PositiveIntegerField(default=0)
    speakers_28 = models.PositiveIntegerField(default=0)
    messages = models.PositiveIntegerField(default=0)
    buyers_1 = models.PositiveIntegerField(default=0)
    buyers_7 = models.PositiveIntegerField(default=0)
    buyers_28 = models.PositiveIntegerField(default=0)
    orders = models.PositiveIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "day", "group"], name="analytics_day_once", nulls_distinct=False
            )
        ]
        indexes = [models.Index(fields=["tenant", "group", "day"], name="analytics_day_of_group")]

    def __str__(self) -> str:
        return f"{self.group_id or 'all'} {self.day.isoformat()}"
