"""What contacts refuses, with a sentence for the person."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class ReasonMissing(DomainError):
    code = "CUSTOMER-01"
    message = _("Write a short reason, so that others understand this later.")


class CustomerUnknown(DomainError):
    status = 404
    code = "CUSTOMER-02"
    message = _("This customer is not known here.")


class TagUnknown(DomainError):
    code = "TAG-01"
    message = _("This tag does not exist any more. Read the tags from WeCom again.")


class ImportRefused(DomainError):
    code = "IMPORT-01"
    message = _("This file cannot be read.")


class ImportDone(DomainError):
    code = "IMPORT-02"
    message = _("This file was written already.")
