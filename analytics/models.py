"""The figures of each day, summed once so that pages need not sum them, and which days are to be summed anew."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from analytics.enums import CohortOf, Impact, LifeStep, Scope
from team.enums import PlanKind
from tenants import clock
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


class NorthStar(TenantModel):
    """The one figure that counts for a company, a team or a camp over a period (R96).

    `metric` is a key of `analytics.metrics.AIMS`; `target` is in its unit: people, times, fen, or basis points of a
    share. `place`: 0 for the company, the department's row for a team, the run for a camp; `place_name` is what it was
    called. Both days count. That there is exactly one at a time is kept by the database (migration 0002).
    """

    scope = models.CharField(max_length=8, choices=Scope)
    place = models.BigIntegerField(default=0)
    place_name = models.CharField(max_length=128, blank=True)
    metric = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField()
    target = models.BigIntegerField()
    set_by = models.CharField(max_length=128, blank=True)
    set_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="analytics_star_scope"),
            models.CheckConstraint(condition=Q(target__gt=0), name="analytics_star_target"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="analytics_star_span"),
        ]
        indexes = [models.Index(fields=["tenant", "scope", "-starts_on"], name="analytics_star_by_scope")]

    def __str__(self) -> str:
        return f"{self.place_name or self.scope} {self.metric} {self.starts_on.isoformat()}"


class StarChange(TenantModel):
    """What a north star was before somebody changed it, and why. Rows are only added."""

    star = models.ForeignKey(NorthStar, on_delete=models.CASCADE, related_name="past", db_index=False)
    metric = models.CharField(max_length=40)
    target = models.BigIntegerField()
    ends_on = models.DateField()
    reason = models.CharField(max_length=200)
    changed_by = models.CharField(max_length=128, blank=True)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["tenant", "star", "-id"], name="analytics_star_past")]

    def __str__(self) -> str:
        return f"{self.star_id} {self.target}"


class Serving(TenantModel):
    """How a plan serves a north star, in a sentence. `plan_id`: the run, the version or the campaign."""

    star = models.ForeignKey(NorthStar, on_delete=models.CASCADE, related_name="servings", db_index=False)
    kind = models.CharField(max_length=8, choices=PlanKind)
    plan_id = models.BigIntegerField()
    words = models.CharField(max_length=200)
    said_by = models.CharField(max_length=128, blank=True)
    said_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PlanKind.values), name="analytics_serving_kind"),
            models.UniqueConstraint(
                fields=["tenant", "star", "kind", "plan_id"], name="analytics_serving_once"
            ),
        ]
        indexes = [models.Index(fields=["tenant", "kind", "plan_id"], name="analytics_serving_of_plan")]

    def __str__(self) -> str:
        return self.words


class RelatedMetric(TenantModel):
    """A figure by which a north star is moved (R97): of which step, why, what is done about it, its own target.

    Either a `metric` of `analytics.metrics.AIMS`, or what no machine can watch (R98): then `name` and `rubric` say what
    colleagues score from 1 to 5, and `target` is in hundredths of a point.
    """

    star = models.ForeignKey(NorthStar, on_delete=models.CASCADE, related_name="related", db_index=False)
    step = models.CharField(max_length=12, choices=LifeStep)
    metric = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=60, blank=True)
    rubric = models.TextField(blank=True)
    link = models.CharField(max_length=200)
    strategy = models.CharField(max_length=200)
    impact = models.PositiveSmallIntegerField(choices=Impact, default=Impact.MIDDLE)
    target = models.BigIntegerField()
    is_dropped = models.BooleanField(default=False)  # no longer looked at; its scores stay
    set_by = models.CharField(max_length=128, blank=True)
    set_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(target__gt=0), name="analytics_related_target"),
            models.CheckConstraint(
                condition=~Q(metric="") | (~Q(name="") & ~Q(rubric="")), name="analytics_related_kind"
            ),
            models.UniqueConstraint(
                fields=["tenant", "star", "metric", "name"], condition=Q(is_dropped=False),
                name="analytics_related_once",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["tenant", "star", "impact"], name="analytics_related_of_star")]

    def __str__(self) -> str:
        return self.name or self.metric


class Score(TenantModel):
    """What one colleague gave on one day (1 to 5). Who scores again that day replaces it; other days stay."""

    related = models.ForeignKey(
        RelatedMetric, on_delete=models.CASCADE, related_name="scores", db_index=False
    )
    day = models.DateField()
    scorer_key = models.CharField(max_length=40)  # "user:7", "staff:3"
    scorer = models.CharField(max_length=128)
    points = models.PositiveSmallIntegerField()
    note = models.CharField(max_length=200, blank=True)
    scored_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(points__gte=1) & Q(points__lte=5), name="analytics_score_points"
            ),
            models.UniqueConstraint(
                fields=["tenant", "related", "scorer_key", "day"], name="analytics_score_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scorer} {self.points}"


class WeekFill(TenantModel):
    """One join week of a company (its Monday) and whether its cohorts hold. `wanted` and `done` as in DayFill;
    `until`: the midnight up to which they tell."""

    week = models.DateField()
    wanted = models.PositiveIntegerField(default=1)
    done = models.PositiveIntegerField(default=0)
    until = models.DateTimeField(null=True)
    filled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "week"], name="analytics_week_once")]

    def __str__(self) -> str:
        return self.week.isoformat()


class CohortCells(TenantModel):
    """Who joined in one week and how many of them stayed: one row for the company, each group, camp and channel.

    `seat_on_7`: sat in it at the end of the seventh day after their own join; `seat_since_7`: on that day or later.
    `act_on_7`, `act_since_7`: did something there or outside any group while they sat there. None: not due yet.
    Made anew from the rows below, never corrected in place.
    """

    week = models.DateField()
    of = models.CharField(max_length=8, choices=CohortOf)
    of_id = models.BigIntegerField(default=0)  # 0: the company
    people = models.PositiveIntegerField()
    seat_on_1 = models.PositiveIntegerField(null=True)
    seat_on_7 = models.PositiveIntegerField(null=True)
    seat_on_30 = models.PositiveIntegerField(null=True)
    seat_since_1 = models.PositiveIntegerField(null=True)
    seat_since_7 = models.PositiveIntegerField(null=True)
    seat_since_30 = models.PositiveIntegerField(null=True)
    act_on_1 = models.PositiveIntegerField(null=True)
    act_on_7 = models.PositiveIntegerField(null=True)
    act_on_30 = models.PositiveIntegerField(null=True)
    act_since_1 = models.PositiveIntegerField(null=True)
    act_since_7 = models.PositiveIntegerField(null=True)
    act_since_30 = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "of", "of_id", "week"], name="analytics_cohort_once")
        ]
        indexes = [models.Index(fields=["tenant", "week"], name="analytics_cohort_week")]

    def __str__(self) -> str:
        return f"{self.of} {self.of_id} {self.week.isoformat()}"


class Funnel(TenantModel):
    """Steps that people take one after the other (R103). Without a name it was only asked for, and goes after a week.

    `steps` are FunnelStep values. A person enters by the first such act within the last `days`; the last step counts
    within `window_hours` of the first. `wanted` and `done` as in DayFill; what it counts is told up to `until`.
    """

    name = models.CharField(max_length=64, blank=True)
    steps = ArrayField(models.CharField(max_length=16))
    window_hours = models.PositiveIntegerField()
    days = models.PositiveIntegerField()
    owner_id = models.BigIntegerField(null=True)  # the login that asked for it
    owner_name = models.CharField(max_length=128, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    wanted = models.PositiveIntegerField(default=1)
    done = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)  # when it was counted last

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=~Q(name=""), name="analytics_funnel_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class FunnelPerson(TenantModel):
    """One person in one funnel: `moments` of the steps taken, and what they are told apart by, as "tier:A".

    `reached` is how many steps that are. Made anew with each count.
    """

    funnel = models.ForeignKey(Funnel, on_delete=models.CASCADE, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "contacts.Customer", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    reached = models.PositiveSmallIntegerField()
    moments = ArrayField(models.DateTimeField())
    segments = ArrayField(models.CharField(max_length=32))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "funnel", "customer"], name="analytics_funnel_person_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "funnel", "reached", "customer"], name="analytics_funnel_reached"),
            models.Index(fields=["tenant", "customer"], name="analytics_funnel_of_person"),
        ]


class FunnelFigures(TenantModel):
    """How many of one segment took a step (1 for the first), and of those how many went no further: `waiting` still
    can, `dropped` cannot. `segment` is "" for everybody, else as in FunnelPerson. `median_s`: seconds since the step
    before, half needed no longer."""

    funnel = models.ForeignKey(Funnel, on_delete=models.CASCADE, related_name="+", db_index=False)
    segment = models.CharField(max_length=32, blank=True)
    step = models.PositiveSmallIntegerField()
    reached = models.PositiveIntegerField()
    waiting = models.PositiveIntegerField()
    dropped = models.PositiveIntegerField()
    median_s = models.FloatField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "funnel", "segment", "step"], name="analytics_funnel_figure_once"
            )
        ]
