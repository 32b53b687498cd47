"""Staff of the corp and what waits for them; import them from here."""

from team.models.staff import Department, Staff
from team.models.work import WorkItem

__all__ = ["Department", "Staff", "WorkItem"]
