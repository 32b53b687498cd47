"""The archive's codes in plain words, and what to do (PROTOCOL 3.14 and section 5)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EXPIRED_FILE, NOT_ENABLED, LICENCE_OVER, PAGE_TOO_BIG = 301048, 301053, 301052, 301058


@dataclass(frozen=True)
class Meaning:
    """`is_passing`: it may go away by itself, so the system tries again; else a person must act."""

    what: str | Promise
    todo: str | Promise = ""
    is_passing: bool = False


_TABLE: dict[int, Meaning] = {
    10000: Meaning(
        _("The archive's library refused the request"),
        _("Nothing: it is tried again with a new handle."),
        True,
    ),
    10001: Meaning(_("The archive's library has no way to WeCom"), _("Nothing: it is tried again."), True),
    10002: Meaning(_("WeCom's answer could not be read"), _("Nothing: it is tried again."), True),
    10003: Meaning(_("WeCom had an inner fault"), _("Nothing: it is tried again."), True),
    10004: Meaning(_("The key of a message does not fit"), _("Check the private key of this version.")),
    10005: Meaning(_("WeCom does not know this file"), _("Nothing: the message itself is kept.")),
    10006: Meaning(_("A message could not be opened"), _("Check the private key of this version.")),
    10007: Meaning(
        _("No private key of this version"), _("Add the private key that belongs to this version.")
    ),
    10008: Meaning(_("The opened key of a message is not one"), _("Check the private key of this version.")),
    10009: Meaning(
        _("This server's address may not read the archive"),
        _("In the WeCom console, under message archive, add the server's address to the trusted IPs."),
        True,
    ),
    10010: Meaning(_("What was asked for is no longer there"), _("Nothing can bring it back.")),
    10011: Meaning(
        _("The certificates of the archive's library are missing"),
        _("Whoever runs this installation must install the library's certificates."),
    ),
    40001: Meaning(
        _("The archive's secret is wrong"),
        _("Copy the secret of the message archive again; it is not the app's secret."),
    ),
    40013: Meaning(_("The corp ID is wrong"), _("Correct it under Settings, WeCom.")),
    41001: Meaning(_("The archive's secret is missing"), _("Enter the secret of the message archive.")),
    45009: Meaning(_("WeCom's limit of calls was reached"), _("Nothing: it goes on by itself."), True),
    EXPIRED_FILE: Meaning(_("WeCom no longer holds the file"), _("Nothing can bring it back.")),
    LICENCE_OVER: Meaning(
        _("The archive's licence has ended"), _("Renew the message archive in the WeCom console.")
    ),
    NOT_ENABLED: Meaning(
        _("The message archive is not switched on"),
        _("Switch it on in the WeCom console under Management tools, Message archive."),
    ),
    PAGE_TOO_BIG: Meaning(_("WeCom's answer would be too big"), _("Nothing: less is asked for."), True),
}
UNKNOWN = Meaning(_("WeCom refused"), _("The code stands beside this; WeCom's page on error codes names it."))
_NO_ANSWER = Meaning(
    _("The archive's gateway does not answer"),
    _("Whoever runs this installation must look whether the gateway process is up."),
    True,
)


def of(code: int) -> Meaning:
    """What a code means; 0 is no answer at all."""
    return _NO_ANSWER if code == 0 else _TABLE.get(code, UNKNOWN)
