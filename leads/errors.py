"""Refusals of leads, each with a sentence for the person."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class NextActionMissing(DomainError):
    code = "LEAD-01"
    message = _("An open lead always has a next action and a time. Choose both.")


class NextActionPast(DomainError):
    code = "LEAD-02"
    message = _("The next action lies in the past. Choose a later time.")


class ReasonMissing(DomainError):
    code = "LEAD-03"
    message = _("Say why. The reason is counted and helps the next camp.")


class LeadClosed(DomainError):
    code = "LEAD-04"
    message = _("This lead is closed. Open it again first.")


class OwnerUnknown(DomainError):
    code = "LEAD-05"
    message = _("This colleague is not active. Choose another one.")


class DoubtEmpty(DomainError):
    code = "LEAD-06"
    message = _("Write the doubt in the customer's words.")


class WindowMismatch(DomainError):
    code = "LEAD-07"
    message = _("A camp must end after it starts.")
