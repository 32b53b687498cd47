"""Groups, who sits in them and when, and what was decided about them; import them from here."""

from groups.models.codes import JoinWay, JoinWayRoom
from groups.models.findings import GroupFinding, NightCheck
from groups.models.group import Group, GroupChange
from groups.models.members import Member
from groups.models.promises import Promise
from groups.models.setup import Approval, ReadinessAnswer
from groups.models.tags import GroupTag, GroupTagPast, GroupTagRule, GroupTagTie
from groups.models.welcomes import WelcomeTemplate

__all__ = [
    "Approval", "Group", "GroupChange", "GroupFinding", "GroupTag", "GroupTagPast", "GroupTagRule", "GroupTagTie",
    "JoinWay", "JoinWayRoom", "Member", "NightCheck", "Promise", "ReadinessAnswer", "WelcomeTemplate",
]  # fmt: skip
