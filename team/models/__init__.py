"""Staff of the corp and what waits for them; import them from here."""

from team.models.approvals import Approval
from team.models.notices import Mailing, Notice, NoticeChoice, Telling
from team.models.profiles import DayOff, Shift, StaffProfile
from team.models.staff import Department, Staff
from team.models.work import WorkItem

__all__ = [
    "Approval", "DayOff", "Department", "Mailing", "Notice", "NoticeChoice", "Shift", "Staff", "StaffProfile",
    "Telling", "WorkItem",
]  # fmt: skip
