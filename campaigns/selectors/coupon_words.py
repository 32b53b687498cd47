"""What a coupon is worth and for whom, in the reader's words."""

from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from campaigns.enums.coupons import OfferKind
from campaigns.models import CouponOffer
from console.templatetags.q import figure, moment, money


def worth_words(offer: CouponOffer) -> str:
    """¥100 off; 8 折; the gift's name."""
    if offer.kind == OfferKind.AMOUNT:
        return pgettext("coupon", "%(money)s off") % {"money": money(offer.off_fen)}
    if offer.kind == OfferKind.PERCENT:
        return percent_words(offer.off_percent)
    return offer.gift


def percent_words(percent: int) -> str:
    """20 -> "20% off"; in Chinese, where shops say what is left to pay in tenths, "8 折"."""
    if (get_language() or "zh").startswith("zh"):
        return pgettext("coupon", "%(tenths)s tenths of the price") % {"tenths": f"{(100 - percent) / 10:g}"}
    return pgettext("coupon", "%(percent)s%% off") % {"percent": percent}


def terms_words(offer: CouponOffer) -> str:
    """From ¥1,980 · at most ¥200 off."""
    said = []
    if offer.threshold_fen:
        said.append(pgettext("coupon", "from %(money)s") % {"money": money(offer.threshold_fen)})
    if offer.kind == OfferKind.PERCENT:
        said.append(pgettext("coupon", "at most %(money)s off") % {"money": money(offer.off_most_fen)})
    return " · ".join(said) or pgettext("coupon", "any order")


def valid_words(offer: CouponOffer) -> str:
    """3 days from the day of issue, or from when to when."""
    if offer.valid_days is not None:
        return ngettext(
            "%(n)s day from the day of issue", "%(n)s days from the day of issue", offer.valid_days
        ) % {"n": figure(offer.valid_days)}
    return f"{moment(offer.valid_from)} – {moment(offer.valid_until)}"


def who_words(offer: CouponOffer) -> str:
    """Members who joined within 3 days, for a first order, one each."""
    said = []
    if offer.joined_days is not None:
        said.append(
            ngettext("joined within %(n)s day", "joined within %(n)s days", offer.joined_days)
            % {"n": figure(offer.joined_days)}
        )
    if offer.is_first_order:
        said.append(_("first order only"))
    if not said:
        said.append(_("every member of the groups"))
    said.append(pgettext("coupon", "%(n)s each") % {"n": figure(offer.per_person)})
    return " · ".join(said)
