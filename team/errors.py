"""What team refuses, with a sentence for the person."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class WorkItemGone(DomainError):
    code = "TODAY-01"
    message = _("This is no longer open: it was done, cancelled or missed meanwhile.")


class StaffUnknown(DomainError):
    status = 404
    code = "STAFF-01"
    message = _("This person is not among the staff that WeCom shows to the app.")


class MemberUnknown(DomainError):
    code = "STAFF-02"
    message = _("This login does not belong to your company any more.")


class NotYours(DomainError):
    code = "TODAY-02"
    message = _("This belongs to someone else. A team lead may do it for them.")
