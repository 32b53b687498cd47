"""What a coupon is worth, how long it holds, who may get one, and codes that cannot be guessed. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.enums import AwardState
from campaigns.enums.coupons import CouponRefusal, CouponState, OfferKind, SpanFault

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O and U, which people misread
RANDOM_CHARS = 11  # 55 bits: with a billion coupons out, a guess hits one in 36 million
CODE_CHARS = RANDOM_CHARS + 1
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_LINK = re.compile(r"/m/(?P<slug>[-\w]+)/coupons/(?P<code>[0-9A-Za-z-]+)/?$")


def code_check(chars: str) -> str:
    """The last character of a code. Weights are odd, so that every single wrong character is noticed."""
    return ALPHABET[sum((2 * at + 3) * ALPHABET.index(one) for at, one in enumerate(chars)) % 32]


def code_make(number: int) -> str:
    """The code of a random number below 2**55."""
    chars = ""
    for _place in range(RANDOM_CHARS):
        number, rest = divmod(number, 32)
        chars += ALPHABET[rest]
    return chars + code_check(chars)


@dataclass(frozen=True)
class Scanned:
    """What was typed or scanned. `code` "" where it cannot be a code of ours; `slug` is the company a link names."""

    code: str
    slug: str = ""


def code_read(raw: str) -> Scanned:
    """ "k7qx-…" or a scanned link to a code, in whatever spelling. One mistyped character gives no code."""
    link = _LINK.search(raw.strip())
    slug, told = (link["slug"], link["code"]) if link else ("", raw)
    chars = re.sub(r"[\s-]", "", told).upper().translate(_MISREAD)
    is_code = len(chars) == CODE_CHARS and all(one in ALPHABET for one in chars)
    if not is_code or code_check(chars[:-1]) != chars[-1]:
        return Scanned("", slug)
    return Scanned(chars, slug)


def code_shown(code: str) -> str:
    """K7QX-42MN-0DVR."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


@dataclass(frozen=True)
class Terms:
    """What is offered; money in fen. Either a span or `valid_days`."""

    kind: str
    off_fen: int = 0
    off_percent: int = 0
    off_most_fen: int = 0
    threshold_fen: int = 0
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    valid_days: int | None = None
    per_person: int = 1
    joined_days: int | None = None
    is_first_order: bool = False


def off_of(terms: Terms, order_fen: int) -> int:
    """What a coupon takes off an order of so much: nothing below the threshold, never more than the order."""
    if order_fen < terms.threshold_fen or order_fen <= 0:
        return 0
    if terms.kind == OfferKind.AMOUNT:
        return min(terms.off_fen, order_fen)
    if terms.kind == OfferKind.PERCENT:
        return min(order_fen * terms.off_percent // 100, terms.off_most_fen)
    return 0


def span_of(terms: Terms, *, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[from, until) of a coupon issued then. Days are whole: they end at the midnight after the last one."""
    if terms.valid_days is not None:
        last = at.astimezone(zone).date() + timedelta(days=terms.valid_days + 1)
        return at, datetime.combine(last, time(), zone).astimezone(at.tzinfo)
    if terms.valid_from is None or terms.valid_until is None:
        raise ValueError("an offer has a span or days")
    return terms.valid_from, terms.valid_until


def span_fault(
    valid_until: datetime | None, *, starts_at: datetime | None, ends_at: datetime | None, kept: timedelta
) -> SpanFault | None:
    """What is wrong with the end of a span; `kept`: how long pages stay after the campaign. Without dates: nothing yet.

    None too for an offer that counts days: those are fewer than pages are kept.
    """
    if valid_until is None:
        return None
    if starts_at is not None and valid_until <= starts_at:
        return SpanFault.EARLY
    return SpanFault.LATE if ends_at is not None and valid_until > ends_at + kept else None


@dataclass(frozen=True)
class Asker:
    """Who asks for a coupon: in the groups since when (None: not inside), orders, and how many of it they have had."""

    joined_at: datetime | None
    has_ordered: bool
    had: int


def refusal(terms: Terms, asker: Asker, *, now: datetime) -> CouponRefusal | None:
    """Why this person does not get one; None where nothing stands against it."""
    if terms.valid_until is not None and terms.valid_until <= now:
        return CouponRefusal.OVER
    if asker.joined_at is None:
        return CouponRefusal.NOT_INSIDE
    if terms.joined_days is not None and now - asker.joined_at >= timedelta(days=terms.joined_days):
        return CouponRefusal.JOINED_LONG_AGO
    if terms.is_first_order and asker.has_ordered:
        return CouponRefusal.BOUGHT_BEFORE
    return CouponRefusal.HAD if asker.had >= terms.per_person else None


def state_of(
    award_state: str, *, valid_from: datetime, valid_until: datetime, is_expired: bool, now: datetime
) -> CouponState:
    """Where a coupon stands now. One whose time is over is expired, whether or not the books say so yet."""
    if award_state == AwardState.GIVEN:
        return CouponState.USED
    if award_state == AwardState.RETURNED:
        return CouponState.EXPIRED if is_expired else CouponState.BACK
    if valid_until <= now:
        return CouponState.EXPIRED
    return CouponState.SOON if valid_from > now else CouponState.OPEN
