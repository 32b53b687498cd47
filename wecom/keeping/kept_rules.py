"""What WeCom allows of codes and welcome templates, pure (PROTOCOL 3.4, 3.5, 3.7 and section 4)."""

from collections.abc import Iterable

GROUPS_PER_CODE = 5
STAFF_PER_CODE = 100
STATE_CHARS = 30
REMARK_CHARS = 30
ROOM_NAME_CHARS = 40
TEMPLATES_PER_CORP = 100
TEMPLATE_ADD_BYTES = 3000
TEMPLATE_EDIT_BYTES = 4000
WELCOME_BYTES = 4000
WELCOME_PARTS = 9
QR_ROLLS_OVER_AT = 200  # a group's seats for those who come by a code


def rooms_to_keep(
    *, wanted: list[str], present: Iterable[str], known: Iterable[str], limit: int
) -> list[str]:
    """The groups to write into a code: those wanted, then those WeCom has that we never heard of.

    Where that is more than WeCom takes, the first of the wanted ones go: they are the fullest.
    """
    heard = {*known, *wanted}
    merged = [*dict.fromkeys(wanted), *(one for one in dict.fromkeys(present) if one not in heard)]
    return merged[-limit:]


def cut_bytes(text: str, limit: int) -> str:
    """The longest beginning of the text that has at most `limit` UTF-8 bytes."""
    return text.encode()[:limit].decode("utf-8", "ignore")
