"""What comes in, in plain words: names of events, of kinds of change, and of reasons a request was refused."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

Text = str | Promise

EVENTS: dict[str, Text] = {
    "change_external_chat": gettext_lazy("Customer group"),
    "change_external_contact": gettext_lazy("Customer"),
    "change_external_tag": gettext_lazy("Tag"),
    "change_contact": gettext_lazy("Staff"),
    "msgaudit_notify": gettext_lazy("New archived messages"),
    "api.behaviours": gettext_lazy("Events of your own systems"),
    "enter_agent": gettext_lazy("A member opened the app"),
    "subscribe": gettext_lazy("A member was given the app"),
    "unsubscribe": gettext_lazy("A member lost the app"),
    "customer_acquisition": gettext_lazy("Acquisition link"),
    "share_agent_change": gettext_lazy("Shared app"),
    "share_chain_change": gettext_lazy("Linked company"),
    "suite_ticket": gettext_lazy("Suite ticket"),
    "create_auth": gettext_lazy("A company authorised the app"),
    "change_auth": gettext_lazy("A company changed its authorisation"),
    "cancel_auth": gettext_lazy("A company withdrew its authorisation"),
}
CHANGES: dict[tuple[str, str], Text] = {
    ("change_external_chat", "create"): gettext_lazy("Customer group created"),
    ("change_external_chat", "update"): gettext_lazy("Customer group changed"),
    ("change_external_chat", "dismiss"): gettext_lazy("Customer group dissolved"),
    ("change_external_contact", "add_external_contact"): gettext_lazy("New customer"),
    ("change_external_contact", "add_half_external_contact"): gettext_lazy("New customer, not confirmed yet"),
    ("change_external_contact", "edit_external_contact"): gettext_lazy("Customer's details changed"),
    ("change_external_contact", "del_external_contact"): gettext_lazy("Member removed a customer"),
    ("change_external_contact", "del_follow_user"): gettext_lazy("Customer removed a member"),
    ("change_external_contact", "transfer_fail"): gettext_lazy("Hand-over of a customer failed"),
    ("change_external_contact", "msg_audit_approved"): gettext_lazy("Customer agreed to archiving"),
    ("change_external_tag", "create"): gettext_lazy("Tag created"),
    ("change_external_tag", "update"): gettext_lazy("Tag changed"),
    ("change_external_tag", "delete"): gettext_lazy("Tag deleted"),
    ("change_external_tag", "shuffle"): gettext_lazy("Tags put in another order"),
    ("change_contact", "create_user"): gettext_lazy("Staff member added"),
    ("change_contact", "update_user"): gettext_lazy("Staff member changed"),
    ("change_contact", "delete_user"): gettext_lazy("Staff member removed"),
    ("change_contact", "create_party"): gettext_lazy("Department added"),
    ("change_contact", "update_party"): gettext_lazy("Department changed"),
    ("change_contact", "delete_party"): gettext_lazy("Department removed"),
    ("change_contact", "update_tag"): gettext_lazy("Staff tag changed"),
}
_ABOUT: dict[str, Text] = {
    "chat": gettext_lazy("Customer group"),
    "customer": gettext_lazy("Customer"),
    "staff": gettext_lazy("Staff"),
}
REFUSALS: dict[str, Text] = {
    "the signature does not fit": gettext_lazy("the signature does not fit"),
    "timestamp is too far from now": gettext_lazy("its time is too far from ours"),
    "no such callback": gettext_lazy("no such address"),
}


def event_name(event: str, change_type: str = "") -> str:
    """An event in plain words; one we do not know keeps WeCom's own name, which is what a search finds."""
    if not event:
        return _("Unreadable event")
    known = CHANGES.get((event, change_type))
    if known is None and event in EVENTS:
        return f"{EVENTS[event]} · {change_type}" if change_type else str(EVENTS[event])
    return str(known or f"{event} {change_type}".strip())


def about(mailbox: str) -> tuple[str, str]:
    """Whom an event is about: (kind in plain words, id)."""
    kind, _colon, rest = mailbox.partition(":")
    return (str(_ABOUT[kind]), rest) if kind in _ABOUT else ("", rest if kind == "event" else mailbox)


def refusal(why: str) -> str:
    """Why a request to the callback's address was refused; never anything of its content."""
    return str(REFUSALS.get(why, why[:80] or _("no reason was kept")))


def choices() -> list[tuple[str, str]]:
    """Kinds of events for a filter: ("event|change", name), by name."""
    pairs = [*CHANGES, *((event, "") for event in EVENTS if not any(event == known for known, _c in CHANGES))]
    return sorted(
        ((f"{event}|{change}", event_name(event, change)) for event, change in pairs), key=lambda one: one[1]
    )


def called(text: str) -> list[tuple[str, str]]:
    """Kinds whose name in the reader's language holds the text: what a person types into the search box."""
    wanted = text.strip().casefold()
    if not wanted:
        return []
    pairs = [*CHANGES, *((event, "") for event in EVENTS)]
    return [(event, change) for event, change in pairs if wanted in event_name(event, change).casefold()]
