"""What can go wrong with content, each with a sentence for the person."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class ScriptUnknown(DomainError):
    status = 404
    code = "SCRIPT-01"
    message = _("This script does not exist any more.")


class QuestionMissing(DomainError):
    code = "SCRIPT-02"
    message = _("Write what the customer asks first.")
