"""What can go wrong with groups, each with a sentence for the person."""

from collections.abc import Sequence
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class Coded(Protocol):
    """Whatever carries the code of a check."""

    @property
    def code(self) -> str: ...


class NotReady(DomainError):
    """The group cannot go live. `findings` says which checks stop it."""

    code = "READY-00"
    message = _("This group cannot go live yet.")

    def __init__(self, findings: Sequence[Coded]) -> None:
        self.findings = list(findings)
        codes = ", ".join(finding.code for finding in self.findings)
        super().__init__(_("This group cannot go live yet: %(codes)s.") % {"codes": codes} if codes else None)


class ReasonNeeded(DomainError):
    code = "REASON-01"
    message = _("Write a reason; it is kept in the record.")


class DecisionInvalid(DomainError):
    code = "SILENT-01"
    message = _("Keep, re-activate or propose removal: nothing else can be decided here.")


class KocInvalid(DomainError):
    code = "KOC-01"
    message = _(
        "This member cannot take this step: somebody helps who sits in the group, was asked and agreed."
    )


class StateRefused(DomainError):
    code = "STATE-01"
    message = _("The group cannot move there from its present stage.")


class AnswerInvalid(DomainError):
    code = "ANSWER-01"
    message = _("This answer does not fit the question.")


class ApprovalInvalid(DomainError):
    code = "APPROVE-01"
    message = _("This check cannot be approved away.")


class KindNeedsApproval(DomainError):
    code = "APPROVE-02"
    message = _("The type of a live group changes only with a team lead's approval. Ask for it.")


class GroupUnknown(DomainError):
    status = 404
    code = "GROUP-00"
    message = _("This group does not exist.")


class NamesRefused(DomainError):
    """`refused` holds (name, what is wrong with it)."""

    code = "NAME-00"

    def __init__(self, refused: Sequence[tuple[str, str]]) -> None:
        self.refused = list(refused)
        told = " ".join(f"“{name}”: {why}" for name, why in self.refused[:3])
        super().__init__(_("No group was named. %(why)s") % {"why": told})


class WordsTooLong(DomainError):
    code = "LENGTH-01"

    def __init__(self, *, count: int, limit: int) -> None:
        super().__init__(
            _("This would have %(count)s characters, at most %(limit)s fit. Shorten what is written first.")
            % {"count": count, "limit": limit}
        )


class OwnerInvalid(DomainError):
    code = "OWNER-01"
    message = _("Choose a colleague who is active and may have customers.")


class CodeInvalid(DomainError):
    code = "CODE-01"
    message = _("This code cannot be made so.")


class CodeBusy(DomainError):
    code = "CODE-02"
    message = _("Nobody can tell yet whether WeCom made this. Decide that first.")


class MixNeedsReason(DomainError):
    code = "MIX-01"
    message = _("Newcomers would land among old customers. Choose another group, or say why.")


class TemplateInvalid(DomainError):
    code = "WELCOME-01"
    message = _("This welcome cannot be kept so.")


class PromiseInvalid(DomainError):
    code = "PROMISE-01"
    message = _("This promise cannot be written so.")


class PromiseClosed(DomainError):
    code = "PROMISE-02"
    message = _("This promise is closed. Reopen it first.")


class EvidenceNeeded(DomainError):
    code = "PROMISE-03"
    message = _("Say what shows that it was kept: open the promise and write it there.")


class GroupTagUnknown(DomainError):
    status = 404
    code = "GTAG-01"
    message = _("This group tag does not exist any more.")


class GroupTagTaken(DomainError):
    code = "GTAG-02"
    message = _("There is a group tag of this name already.")


class GroupRuleInvalid(DomainError):
    code = "GTAG-03"
    message = _("A rule has one to three different conditions, each with a value that fits it.")


class EndTasksOpen(ReasonNeeded):
    message = _("Closing tasks of this group wait. Finish them, or write why it is archived all the same.")


class StepInvalid(DomainError):
    code = "SETUP-01"
    message = _("This step cannot be settled so. What the system can see itself is not ticked by hand.")


class ViolationInvalid(DomainError):
    code = "VIOLATION-01"
    message = _("Name the member, the rule and what shows the breach.")


class EndInvalid(DomainError):
    code = "ENDING-01"
    message = _("This closing task cannot be changed so.")


class IntroInvalid(DomainError):
    code = "INTRO-01"
    message = _("This introduction cannot be settled so.")


class ScreeningInvalid(DomainError):
    code = "SCREEN-01"
    message = _("A rule has one to three conditions, words that customers understand, and benefits.")


class NoScreening(DomainError):
    code = "SCREEN-02"
    message = _("Write and publish the rule first: an invitation states it.")


class MixBroken(DomainError):
    """The invitation would take the group out of its band. A second press with a reason lets it pass."""

    code = "SUPER-03"
    message = _("This would take the group out of its band. Give a reason to invite all the same.")


class InviteRefused(DomainError):
    code = "INVITE-03"
    message = _("This person cannot be invited.")


class InviteClosed(DomainError):
    code = "INVITE-02"
    message = _("This invitation is closed.")


class IncidentOver(DomainError):
    code = "INCIDENT-01"
    message = _("This incident is over. Open a new one.")


class IncidentInvalid(DomainError):
    code = "INCIDENT-02"
    message = _("An incident needs a title and at least one group.")


class IncidentUnknown(DomainError):
    status = 404
    code = "INCIDENT-00"
    message = _("This incident does not exist.")


class WeekReasonMissing(DomainError):
    code = "PLAN-10"
    message = _("Say why this group needs no weekly plan.")


class NormInvalid(DomainError):
    code = "NORM-01"
    message = _("A norm is proposed by a member of the group, in a sentence, and agreed by members.")


class NormBusy(DomainError):
    code = "NORM-02"
    message = _("The group is being asked about another norm. Wait until that is decided, or drop it.")


class ThanksInvalid(DomainError):
    code = "THANKS-01"
    message = _("Thank somebody who sits in the group, for one of the reasons, in words of your own.")
