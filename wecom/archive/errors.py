"""Refusals of the archive's set-up, as a person reads them."""

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError


class KeyRefused(DomainError):
    code = "ARCHIVE-01"
    message = _("This is not an RSA private key of 2048 bits without a password.")


class VersionTaken(DomainError):
    code = "ARCHIVE-02"
    message = _("This version has a key already. Keys are never replaced: old messages need them.")


class VersionWrong(DomainError):
    code = "ARCHIVE-03"
    message = _("The version is a whole number from 1 on, as the WeCom console shows it.")


class KeyInUse(DomainError):
    code = "ARCHIVE-04"
    message = _("Messages were opened with this key, so its version is certain and stays.")


class SecretMissing(DomainError):
    code = "ARCHIVE-05"
    message = _("Enter the secret of the message archive.")


class NotSetUp(DomainError):
    code = "ARCHIVE-06"
    message = _("The message archive is not connected. Begin with its secret.")


class FileGone(DomainError):
    status = 404
    code = "ARCHIVE-07"
    message = _(
        "This file is no longer in the storage. Whoever runs the installation can bring it back from a backup."
    )
