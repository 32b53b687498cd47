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


class ChannelTaken(DomainError):
    code = "CHANNEL-01"
    message = _("There is a channel of this name or code already.")


class ChannelUnknown(DomainError):
    status = 404
    code = "CHANNEL-02"
    message = _("This channel is not known here.")


class WayInvalid(DomainError):
    code = "CODE-01"
    message = _("This code cannot be made so.")


class WayBusy(DomainError):
    code = "CODE-02"
    message = _("Nobody can tell yet whether WeCom made this code. Decide that first.")
