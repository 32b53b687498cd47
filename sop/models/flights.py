"""Trial flights: a version carried out with invented members before anybody real gets anything."""

from django.db import models

from sop.enums import FlightState
from sop.models.templates import Version
from tenants import clock
from tenants.scoping import TenantModel


class Flight(TenantModel):
    """One trial flight of one version, or of two side by side, with what was asked and what came of it.

    `asked`: {"starts_on", "groups", "members", "groups_each", "colleagues", "group_ids", "seed"}.
    `result`: {"habits": Habits.as_dict(), "flights": [one dict a version, as `sop.services.flights` writes them]};
    empty until it was flown.
    """

    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="flights", db_index=False)
    beside = models.ForeignKey(Version, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    state = models.CharField(max_length=8, choices=FlightState, default=FlightState.WAITING)
    asked = models.JSONField()
    result = models.JSONField(default=dict)
    seconds = models.FloatField(default=0)  # that the flight took
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["tenant", "version", "-created_at"], name="sop_flight_recent")]

    def __str__(self) -> str:
        return f"{self.version} · {self.created_at:%Y-%m-%d %H:%M}"
