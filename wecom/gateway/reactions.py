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
_ARCHIVE = _("WeCom console, Management tools, Message archive")
_AUTH = _("WeCom console, My company, Company info")

_BY_ITSELF = _("Nothing: it is tried again by itself.")
_TELL_US = _("This is a fault of the software: report it with the hint that stands beside it.")
_NOTHING = _("Nothing: it needs no repair.")
_SEE_SCOPE = _("Add the member to those whom the app may see, then read everything again.")

_BAD_SECRET = Reaction(
    Act.STOP_TENANT, _("The secret is wrong"), _("Copy the secret again and save it here."), _APP
)
_STALE_TOKEN = Reaction(Act.NEW_TOKEN, _("The access token ended"), _BY_ITSELF)
_UNAUTHORISED = Reaction(Act.STOP_TENANT, _("The authorisation is gone"), _("Authorise the app again."), _APP)
_OLD_CODE = Reaction(Act.RESTART, _("The sign-in code was used or is too old"), _("Open the page again."))
_NO_RIGHT = Reaction(
    Act.STOP_API,
    _("The app may not use this interface"),
    _("Add the app to those that may call this interface, then check again."),
    _CONTACT,
)
_UNKNOWN_STAFF = Reaction(
    Act.FAIL, _("WeCom does not know this member, or the app cannot see them"), _SEE_SCOPE, _SCOPE
)
_OUT_OF_SIGHT = Reaction(Act.FAIL, _("The target is outside what the app can see"), _SEE_SCOPE, _SCOPE)
_AT_LIMIT = Reaction(Act.FAIL, _("WeCom's limit for this is used up"), _("Delete what is no longer used."))
_WELCOME_GONE = Reaction(Act.GIVE_UP, _("The welcome code is used or too old"), _NOTHING)
_DISPATCHING = Reaction(Act.LATER, _("WeCom is still preparing this mass send"), _BY_ITSELF, wait_s=30)
_NO_LICENCE = Reaction(
    Act.FAIL, _("The member has no interface licence"), _("Assign a licence to the member."), _APP
)
_GROUP_REFUSED = Reaction(
    Act.FAIL, _("WeCom refuses this for the group"), _("Look at the group in WeCom and choose another.")
)
_BAD_FILE = Reaction(
    Act.FAIL,
    _("WeCom does not take this file"),
    _(
        "Choose a file of an allowed kind and size: JPG, PNG up to 10 MB, MP4 up to 10 MB, others up to 20 MB."
    ),
)
_GONE = Reaction(
    Act.FAIL, _("This no longer exists at WeCom"), _("Read everything again, then choose another.")
)

REACTIONS: dict[int, Reaction] = {
    -1: Reaction(Act.RETRY, _("WeCom is busy"), _BY_ITSELF),
    6000: Reaction(Act.RETRY_ONCE, _("Another change came in between"), _BY_ITSELF),
    40001: _BAD_SECRET,
    40091: _BAD_SECRET,
    40013: Reaction(
        Act.STOP_TENANT, _("The corp ID is wrong"), _("Copy the corp ID again and save it here."), _AUTH
    ),
    40014: _STALE_TOKEN,
    42001: _STALE_TOKEN,
    40082: _STALE_TOKEN,
    42009: _STALE_TOKEN,
    40084: _UNAUTHORISED,
    48004: _UNAUTHORISED,
    40085: Reaction(
        Act.LATER, _("WeCom has not pushed a new suite ticket yet"), _BY_ITSELF, wait_s=600
    ),
    40029: _OLD_CODE,
    42007: _OLD_CODE,
    40003: _UNKNOWN_STAFF,
    60111: _UNKNOWN_STAFF,
    46004: _UNKNOWN_STAFF,
    40004: _BAD_FILE,
    40006: _BAD_FILE,
    40007: Reaction(
        Act.REUPLOAD, _("The file at WeCom is older than 3 days"), _("Nothing: it is uploaded again.")
    ),
    40058: Reaction(Act.FAIL, _("WeCom refuses a value of this call"), _TELL_US),
    40068: Reaction(Act.FAIL, _("A tag no longer exists"), _("Read the tags again and choose another.")),
    40071: Reaction(Act.FAIL, _("A tag of this name exists"), _("Choose another name.")),
    40096: Reaction(Act.FAIL, _("WeCom does not show this customer to the app"), _SEE_SCOPE, _SCOPE),
    41045: _AT_LIMIT,
    41091: Reaction(
        Act.FAIL, _("A code leads to five groups at most"), _("Make another code for the other groups.")
    ),
    41095: _AT_LIMIT,
    40126: _AT_LIMIT,
    41055: _AT_LIMIT,
    41048: Reaction(Act.EMPTY, _("Nobody is left to send to"), _NOTHING),
    41050: _WELCOME_GONE,
    41051: _WELCOME_GONE,
    41096: _WELCOME_GONE,
    41053: Reaction(Act.GIVE_UP, _("The customer has not agreed to archiving"), _NOTHING),
    41054: Reaction(
        Act.FAIL, _("The member is not activated or not verified"), _("Ask the member to verify.")
    ),
    41063: _DISPATCHING,
    41079: _DISPATCHING,
    41093: Reaction(
        Act.FAIL, _("The mass send was cancelled"), _("Make a new one if it should go out after all.")
    ),
    41094: Reaction(
        Act.LATER, _("Three reminders were sent within 24 hours"), _("Wait a day."), wait_s=86_400
    ),
    42012: Reaction(Act.NEW_TICKET, _("The page ticket is wrong"), _("Open the page again.")),
    42014: Reaction(Act.FAIL, _("This message id was used before"), _TELL_US),
    42015: Reaction(Act.FAIL, _("This card was changed before, or is older than 72 hours"), _NOTHING),
    45009: Reaction(Act.SLOW_DOWN, _("WeCom's rate limit is reached"), _("Calls go on by themselves later.")),
    45033: Reaction(
        Act.NARROW, _("Too many calls at once"), _("Calls go on by themselves later."), wait_s=2
    ),
    45029: Reaction(Act.SPLIT, _("The answer would be too big"), _("Nothing: less is asked for at once.")),
    48001: _NO_RIGHT,
    48002: _NO_RIGHT,
    48006: _NO_RIGHT,
    60011: _OUT_OF_SIGHT,
    50002: _OUT_OF_SIGHT,
    60020: Reaction(
        Act.STOP_TENANT,
        _("This server's address is not trusted"),
        _("Add the address that WeCom names to the trusted IPs; it works after a minute."),
        _TRUSTED,
    ),
    60123: _GONE,
    81013: Reaction(
        Act.FAIL, _("No receiver can be reached"), _("See whether the members left or the app cannot see them."),
        _SCOPE,
    ),
    81017: Reaction(Act.SPLIT, _("Too many members at once"), _("Nothing: less is asked for at once.")),
    84061: Reaction(
        Act.FAIL,
        _("The member and the customer are not connected any more"),
        _("Nothing: the customer is left out. Another member who knows them can send."),
    ),
    84074: Reaction(
        Act.FAIL, _("The member may not contact customers"), _("Give the member the right."), _CONTACT
    ),
    86003: _GONE,
    **dict.fromkeys(range(90500, 90512), _GROUP_REFUSED),
    301002: Reaction(Act.FAIL, _("The agent ID belongs to another app"), _("Correct the agent ID."), _APP),
    301021: _GONE,
    301048: Reaction(Act.FAIL, _("The archived file is gone"), _NOTHING),
    301052: Reaction(
        Act.STOP_API, _("The message archive has expired"), _("Renew the message archive at WeCom."), _ARCHIVE
    ),
    301053: Reaction(
        Act.STOP_API, _("The message archive is not switched on"), _("Switch it on at WeCom."), _ARCHIVE
    ),
    301058: Reaction(Act.SPLIT, _("Too much at once"), _("Nothing: less is asked for at once.")),
    301059: Reaction(Act.FAIL, _("This is not an internal group"), _NOTHING),
    701008: _NO_LICENCE,
    701099: _NO_LICENCE,
    830002: Reaction(Act.SPLIT, _("The file is too big for one piece"), _("Nothing: it is fetched in parts.")),
}  # fmt: skip
UNKNOWN = Reaction(
    Act.FAIL,
    _("WeCom answered with a code that is not documented"),
    _("Look the code up on WeCom's page on error codes; the hint beside it helps WeCom's support."),
)

RETRY_LIMIT = 3
PAUSES_S = (60, 3600)  # 45009: each pause that follows another is longer; the third lasts until the next day


def reaction_to(code: int) -> Reaction:
    """What to do about an error code. An undocumented code is final: never repeated blindly."""
    return REACTIONS.get(code, UNKNOWN)


def is_stopping(code: int) -> bool:
    """Whether a code stops every call of the app."""
    return reaction_to(code).act is Act.STOP_TENANT
