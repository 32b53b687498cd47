"""PROTOCOL section 5 as data: what each error code makes us do. One retry policy for every call.

The client asks `reaction_to(code)` and never decides by itself. A code that is not listed is not retried and
its raw answer is kept.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Act(StrEnum):
    """What to do with a call that was answered with an error code."""

    RETRY = "retry"  # the same call again, a few times, with growing pauses
    RETRY_ONCE = "retry_once"
    NEW_TOKEN = "new_token"  # drop the cached token if unchanged, refresh, once
    NEW_TICKET = "new_ticket"  # the same for a JS-SDK ticket
    STOP_TENANT = "stop_tenant"  # no further call for this app until it is repaired
    STOP_API = "stop_api"  # no further call of this one API; the admin learns which permission is missing
    SLOW_DOWN = "slow_down"  # pause this API of this corp, longer each time
    NARROW = "narrow"  # fewer calls in flight
    LATER = "later"  # not ready yet; again after `wait_s`
    REUPLOAD = "reupload"  # the media is gone: upload again, once
    GIVE_UP = "give_up"  # silently
    EMPTY = "empty"  # a success with nobody in it
    SPLIT = "split"  # ask for less at once
    RESTART = "restart"  # the person must begin the sign-in again
    FAIL = "fail"  # final for this job


@dataclass(frozen=True)
class Reaction:
    """`wait_s` is for LATER; `meaning` and `todo` are for people; `console` names the WeCom console page."""

    act: Act
    meaning: str | Promise
    todo: str | Promise = ""
    console: str | Promise = ""
    wait_s: int = 0


_APP = _("WeCom console, App management, your app")
_TRUSTED = _("WeCom console, App management, your app, Trusted IPs")
_CONTACT = _("WeCom console, Customer contact, API, Apps that may call")
_SCOPE = _("WeCom console, App management, your app, Visible to")
_AUTH = _("WeCom console, My company, Company info")

_BAD_SECRET = Reaction(
    Act.STOP_TENANT, _("The secret is wrong"), _("Copy the secret again and save it here."), _APP
)
_STALE_TOKEN = Reaction(Act.NEW_TOKEN, _("The access token ended"))
_NO_RIGHT = Reaction(
    Act.STOP_API,
    _("The app may not use this interface"),
    _("Add the app to those that may call this interface, then check again."),
    _CONTACT,
)
_UNKNOWN_STAFF = Reaction(
    Act.FAIL, _("WeCom does not know this member, or the app cannot see them"), "", _SCOPE
)
_AT_LIMIT = Reaction(Act.FAIL, _("WeCom's limit for this is used up"), _("Delete what is no longer used."))
_WELCOME_GONE = Reaction(Act.GIVE_UP, _("The welcome code is used or too old"))
_DISPATCHING = Reaction(Act.LATER, _("WeCom is still preparing this mass send"), wait_s=30)
_NO_LICENCE = Reaction(
    Act.FAIL, _("The member has no interface licence"), _("Assign a licence to the member."), _APP
)

REACTIONS: dict[int, Reaction] = {
    -1: Reaction(Act.RETRY, _("WeCom is busy")),
    6000: Reaction(Act.RETRY_ONCE, _("Another change came in between")),
    40001: _BAD_SECRET,
    40091: _BAD_SECRET,
    40013: Reaction(
        Act.STOP_TENANT, _("The corp ID is wrong"), _("Copy the corp ID again and save it here."), _AUTH
    ),
    40014: _STALE_TOKEN,
    42001: _STALE_TOKEN,
    40082: _STALE_TOKEN,
    42009: _STALE_TOKEN,
    40084: Reaction(Act.STOP_TENANT, _("The authorisation is gone"), _("Authorise the app again."), _APP),
    48004: Reaction(Act.STOP_TENANT, _("The authorisation is gone"), _("Authorise the app again."), _APP),
    40085: Reaction(Act.LATER, _("WeCom has not pushed a new suite ticket yet"), wait_s=600),
    40029: Reaction(Act.RESTART, _("The sign-in code was used or is too old"), _("Open the page again.")),
    42007: Reaction(Act.RESTART, _("The sign-in code was used or is too old"), _("Open the page again.")),
    40003: _UNKNOWN_STAFF,
    60111: _UNKNOWN_STAFF,
    46004: _UNKNOWN_STAFF,
    40007: Reaction(Act.REUPLOAD, _("The file at WeCom is older than 3 days")),
    40058: Reaction(Act.FAIL, _("WeCom refuses a value of this call")),
    40068: Reaction(Act.FAIL, _("A tag no longer exists"), _("Read the tags again and choose another.")),
    40096: Reaction(Act.FAIL, _("WeCom does not show this customer to the app"), "", _SCOPE),
    41045: _AT_LIMIT,
    41091: _AT_LIMIT,
    41095: _AT_LIMIT,
    40126: _AT_LIMIT,
    41055: _AT_LIMIT,
    41048: Reaction(Act.EMPTY, _("Nobody is left to send to")),
    41050: _WELCOME_GONE,
    41051: _WELCOME_GONE,
    41096: _WELCOME_GONE,
    41053: Reaction(Act.GIVE_UP, _("The customer has not agreed to archiving")),
    41054: Reaction(
        Act.FAIL, _("The member is not activated or not verified"), _("Ask the member to verify.")
    ),
    41063: _DISPATCHING,
    41079: _DISPATCHING,
    41093: Reaction(Act.FAIL, _("The mass send was cancelled")),
    41094: Reaction(Act.FAIL, _("Three reminders were sent within 24 hours"), _("Wait a day.")),
    42012: Reaction(Act.NEW_TICKET, _("The page ticket is wrong")),
    42014: Reaction(Act.FAIL, _("This message id was used before")),
    45009: Reaction(Act.SLOW_DOWN, _("WeCom's rate limit is reached"), _("Calls go on by themselves later.")),
    45033: Reaction(Act.NARROW, _("Too many calls at once"), _("Calls go on by themselves later."), wait_s=2),
    45029: Reaction(Act.SPLIT, _("The answer would be too big")),
    48001: _NO_RIGHT,
    48002: _NO_RIGHT,
    48006: _NO_RIGHT,
    60011: Reaction(Act.FAIL, _("The target is outside what the app can see"), "", _SCOPE),
    50002: Reaction(Act.FAIL, _("The target is outside what the app can see"), "", _SCOPE),
    60020: Reaction(
        Act.STOP_TENANT,
        _("This server's address is not trusted"),
        _("Add the address that WeCom names to the trusted IPs; it works after a minute."),
        _TRUSTED,
    ),
    81013: Reaction(Act.FAIL, _("No receiver can be reached")),
    81017: Reaction(Act.SPLIT, _("Too many members at once")),
    84061: Reaction(Act.FAIL, _("The member and the customer are not connected any more")),
    84074: Reaction(
        Act.FAIL, _("The member may not contact customers"), _("Give the member the right."), _CONTACT
    ),
    **{code: Reaction(Act.FAIL, _("WeCom refuses this for the group")) for code in range(90500, 90512)},
    301002: Reaction(Act.FAIL, _("The agent ID belongs to another app"), _("Correct the agent ID."), _APP),
    301048: Reaction(Act.FAIL, _("The archived file is gone")),
    301052: Reaction(Act.STOP_API, _("The message archive has expired")),
    301053: Reaction(Act.STOP_API, _("The message archive is not switched on")),
    301058: Reaction(Act.SPLIT, _("Too much at once")),
    701008: _NO_LICENCE,
    701099: _NO_LICENCE,
}
UNKNOWN = Reaction(Act.FAIL, _("WeCom answered with a code that is not documented"))

RETRY_LIMIT = 3
PAUSES_S = (60, 600, 3600)  # 45009: each pause that follows another is longer


def reaction_to(code: int) -> Reaction:
    """What to do about an error code. An undocumented code is final: never repeated blindly."""
    return REACTIONS.get(code, UNKNOWN)


def is_stopping(code: int) -> bool:
    """Whether a code stops every call of the app."""
    return reaction_to(code).act is Act.STOP_TENANT
