"""Pure decisions of radar links: tokens, which clicks count, signed identity."""

import re
from dataclasses import dataclass

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_TOKEN = re.compile(r"^([0-9a-z]{1,12})-([A-Za-z0-9_-]{8,24})$")
# Programs that fetch a link to preview or index it. A person's browser inside WeChat names none of these.
_BOTS = re.compile(
    r"bot\b|crawl|spider|slurp|preview|fetch|curl|wget|python-|java/|go-http|okhttp|headless|facebookexternalhit|"
    r"whatsapp|telegram|monitor|scan",
    re.IGNORECASE,
)


def token_make(tenant_id: int, tail: str) -> str:
    """ "<tenant in base 36>-<random>": the token names its tenant, so that no lookup crosses tenants."""
    digits = ""
    number = tenant_id
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return f"{digits or '0'}-{tail}"


def token_tenant(token: str) -> int | None:
    """The tenant a token names, or None for anything that is not a token."""
    found = _TOKEN.match(token)
    return int(found.group(1), 36) if found else None


def is_bot(user_agent: str) -> bool:
    """Whether a visitor is a program: no user agent, or one that says so."""
    return not user_agent.strip() or _BOTS.search(user_agent) is not None


@dataclass(frozen=True)
class Identity:
    """Who a visitor is: a customer's external_userid or a staff member's userid, as WeCom's OAuth told."""

    external_userid: str = ""
    userid: str = ""

    @property
    def is_staff(self) -> bool:
        return bool(self.userid)
