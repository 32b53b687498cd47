"""Groups, who sits in them and when, and what was decided about them; import them from here."""

from groups.models.circles import CircleSpell
from groups.models.codes import JoinWay, JoinWayRoom
from groups.models.culture import Norm, NormVoice, Thanks
from groups.models.endings import EndTask
from groups.models.findings import GroupFinding, NightCheck
from groups.models.group import Group, GroupChange
from groups.models.incidents import Incident, IncidentEntry, IncidentGroup, IncidentTask
from groups.models.intros import Introduction, IntroRule
from groups.models.invitations import Invitation, ScreeningRule
from groups.models.koc import HelperTask, Koc
from groups.models.members import Member
from groups.models.openings import NewUserGoal
from groups.models.promises import Promise
from groups.models.setup import Approval, ReadinessAnswer
from groups.models.setup_steps import SetupStep
from groups.models.silence import MemberPass, SilentCase
from groups.models.tags import GroupTag, GroupTagPast, GroupTagRule, GroupTagTie
from groups.models.violations import Violation
from groups.models.weeks import WeekExempt
from groups.models.welcomes import WelcomeTemplate
from groups.models.wordings import Wording

__all__ = [
    "Approval", "CircleSpell", "EndTask", "Group", "GroupChange", "GroupFinding", "GroupTag", "GroupTagPast",
    "GroupTagRule", "GroupTagTie", "HelperTask", "Incident", "IncidentEntry", "IncidentGroup", "IncidentTask",
    "IntroRule", "Introduction", "Invitation", "JoinWay", "JoinWayRoom", "Koc", "Member", "MemberPass", "NewUserGoal",
    "NightCheck", "Norm", "NormVoice", "Promise", "ReadinessAnswer", "ScreeningRule", "SetupStep", "SilentCase",
    "Thanks", "Violation", "WeekExempt", "WelcomeTemplate", "Wording",
]  # fmt: skip
