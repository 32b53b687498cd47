"""What team refuses, with a sentence for the person."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class WorkItemGone(DomainError):
    code = "TODAY-01"
    message = _("This is no longer open: it was done, cancelled or missed meanwhile.")


class SignInRefused(DomainError):
    """Someone who may not enter, and why. `kind` is a key of REFUSALS."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.status = REFUSALS[kind].status
        super().__init__(REFUSALS[kind].text, code=f"LOGIN-{kind.upper()}")


@dataclass(frozen=True)
class Refusal:
    """What a person reads who is not let in: what is the matter, and what to do."""

    title: Any
    text: Any
    icon: str
    status: int


REFUSALS: dict[str, Refusal] = {
    "ended": Refusal(
        _("You were signed out"), _("Open the page again from WeCom. Nothing was saved."), "clock-off", 400
    ),
    "expired": Refusal(
        _("This sign-in has ended"),
        _("It was used already, took longer than ten minutes, or began in another browser. Start again."),
        "clock-off",
        400,
    ),
    "used": Refusal(
        _("This code was used already"),
        _("A code from WeCom works once and for five minutes. Start again to get a new one."),
        "clock-off",
        400,
    ),
    "declined": Refusal(
        _("Nothing was confirmed in WeCom"),
        _("The question in WeCom was closed or declined. Start again when you want to sign in."),
        "hand-stop",
        400,
    ),
    "unreachable": Refusal(
        _("WeCom did not answer"),
        _("Try again in a moment. If it goes on, an owner finds the reason under Settings, WeCom."),
        "plug-x",
        503,
    ),
    "unconnected": Refusal(
        _("No WeCom app is connected"), _("Ask an owner to connect it under Settings, WeCom."), "plug-x", 503
    ),
    "customer": Refusal(
        _("This page is for staff"),
        _("WeCom knows you as a customer here. Please write to the person you are in touch with."),
        "user-heart",
        403,
    ),
    "outsider": Refusal(
        _("This account belongs to another company"),
        _(
            "Open the page with the WeCom account of this company. In WeCom you can change the company at the top left."
        ),
        "building-off",
        403,
    ),
    "stranger": Refusal(
        _("WeCom knows you, but this company's staff list does not"),
        _(
            "Ask a team lead to put you into the visible range of the app in WeCom, then open this page again."
        ),
        "user-question",
        403,
    ),
    "left": Refusal(
        _("WeCom no longer lists you here"),
        _(
            "Who leaves the company or the app's visible range loses access. If that is a mistake, tell an owner."
        ),
        "user-off",
        403,
    ),
    "unlinked": Refusal(
        _("You have no console login yet"),
        _("An owner lets you in under Settings, Members and roles, WeCom staff. Then scan again."),
        "user-question",
        403,
    ),
    "suspended": Refusal(
        _("Your access is suspended"), _("Ask an owner of your company to let you in again."), "user-off", 403
    ),
    "not_friend": Refusal(
        _("This person is not a friend of yours"),
        _("You see customers whose friend you are. A team lead sees the others in the console."),
        "user-x",
        404,
    ),
    "not_in_group": Refusal(
        _("You do not look after this group"),
        _("You see groups that you own, administer or sit in. A team lead sees the others in the console."),
        "users-minus",
        404,
    ),
    "no_group": Refusal(
        _("This group is not known yet"),
        _("It appears here a few minutes after WeCom tells us about it. It must be a customer group."),
        "users-minus",
        404,
    ),
}


class StaffGone(DomainError):
    code = "STAFF-03"
    message = _("This person has left the company by WeCom's account and cannot be let in.")


class StaffLinked(DomainError):
    code = "STAFF-04"
    message = _("This person has a console login already.")


class StaffUnknown(DomainError):
    status = 404
    code = "COLLEAGUE-01"
    message = _("This person is not among the staff that WeCom shows to the app.")


class HandoverTaker(DomainError):
    code = "HANDOVER-01"
    message = _("Choose a receiver who works here and is somebody else.")


class MemberUnknown(DomainError):
    code = "COLLEAGUE-02"
    message = _("This login does not belong to your company any more.")


class ProfileInvalid(DomainError):
    code = "STAFF-05"
    message = _("This kind, metric or weekday is not one of those on offer.")


class BackupInvalid(DomainError):
    code = "STAFF-06"
    message = _("A backup is another colleague who still works here.")


class ApprovalWaits(DomainError):
    code = "APPROVAL-01"
    message = _("Something is asked of this matter already and waits for a decision.")


class ApprovalOver(DomainError):
    code = "APPROVAL-02"
    message = _("This request was decided, withdrawn or has expired meanwhile.")


class OwnRequest(DomainError):
    code = "APPROVAL-03"
    message = _("You asked for this yourself; somebody else decides it.")


class NoteMissing(DomainError):
    code = "APPROVAL-04"
    message = _("Say why you refuse: who asked reads it.")


class NotYourRequest(DomainError):
    code = "APPROVAL-05"
    message = _("Only who asked may take a request back.")


class ReasonMissing(DomainError):
    code = "APPROVAL-06"
    message = _("Say why you ask: who decides reads it.")


class NotYours(DomainError):
    code = "TODAY-02"
    message = _("This belongs to someone else. A team lead may do it for them.")


class ChoiceInvalid(DomainError):
    code = "NOTICE-01"
    message = _("This choice does not exist. Load the page again.")
