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


class RuleDraftMissing(DomainError):
    code = "LEAD-08"
    message = _("There is no draft of the tier rule any more. Change the rule first.")


class RuleMoved(DomainError):
    code = "LEAD-09"
    message = _("Somebody has published another version since. Look at your draft again and save it.")


class RuleUnchanged(DomainError):
    code = "LEAD-10"
    message = _("This rule says the same as the one in force. Change something first.")


class RuleNotPreviewed(DomainError):
    code = "LEAD-11"
    message = _("See first who moves: the count for this draft is not done yet.")


class NeedEmpty(DomainError):
    code = "LEAD-12"
    message = _("Write what they need in their own words.")


class ScriptGone(DomainError):
    code = "LEAD-13"
    message = _("This script is not in use any more. Choose another one.")


class ShareStale(DomainError):
    code = "LEAD-14"
    message = _("Choose leads and a colleague for each first.")
