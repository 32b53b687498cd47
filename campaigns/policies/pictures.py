"""Pictures of a phone page: its code, and a poster with the code on it. No database, no clock."""

import re
from base64 import b64encode
from io import BytesIO

import resvg_py
import segno
from django.utils.translation import gettext as _

from groups.policies.poster import poster

# The colour of a poster's ornament and of the paper around it; the pages' own are in static/css/h5.css.
COLOURS = {
    "green": ("#2b7a4b", "#e8f2ea"), "blue": ("#2a5bb8", "#e8eefa"), "red": ("#b3312b", "#fbeae8"),
    "orange": ("#a8500f", "#fdeedd"), "purple": ("#6b45b0", "#f0eafa"),
}  # fmt: skip


# A picture made here has no colours of its own for these: they would be empty boxes.
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0f\u200d\u20e3]+")
POSTER_WIDTH = 1080  # pixels


def code_png(url: str, *, scale: int = 10) -> bytes:
    """The code of an address as a PNG, with its quiet zone."""
    kept = BytesIO()
    segno.make(url, error="m", micro=False).save(kept, kind="png", scale=scale, border=4)
    return kept.getvalue()


def code_uri(url: str) -> str:
    """The code as an SVG in a data URI, to stand in a page or on a poster."""
    kept = BytesIO()
    segno.make(url, error="m", micro=False).save(kept, kind="svg", border=2, light="#ffffff")
    return f"data:image/svg+xml;base64,{b64encode(kept.getvalue()).decode()}"


def _plain(text: str) -> str:
    return _EMOJI.sub("", text).strip()


def poster_svg(*, url: str, title: str, about: str, brand: str, colour: str) -> str:
    """A poster for a phone screen that leads to the address."""
    accent, soft = COLOURS[colour]
    return poster(
        size="phone", title=_plain(title), subtitle=_plain(about), foot=str(_("Scan in WeChat, or press and hold")),
        brand=_plain(brand),
        picture=code_uri(url), accent=accent, soft=soft,
    )  # fmt: skip


def poster_png(svg: str) -> bytes:
    """A poster as a PNG, which WeChat saves on a long press.

    Letters come from the machine's own fonts (docs/operations):
    that takes some tenths of a second, so its caller keeps it."""
    made: bytes = resvg_py.svg_to_bytes(svg_string=svg, width=POSTER_WIDTH)
    return bytes(made)
