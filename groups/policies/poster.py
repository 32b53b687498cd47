"""A poster with a code on it, as SVG: title, one line, the code, and what to do. Pure.

The picture of the code is WeCom's own, whole and unscaled in its modules, on white with a quiet zone around it, so
that a phone reads it from paper and from a screen.
"""

from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, Noto Sans SC, sans-serif"
INK, INK_2, ACCENT, ACCENT_SOFT, SURFACE = "#15181d", "#474e59", "#3254c7", "#edf1fc", "#ffffff"


@dataclass(frozen=True)
class Size:
    """The canvas in units, and what the file says of its size on paper."""

    width: int
    height: int
    on_paper: str = ""


SIZES = {"phone": Size(1080, 1920), "a4": Size(1240, 1754, 'width="210mm" height="297mm"')}


def _em(letter: str) -> float:
    return 1.0 if ord(letter) > 0x2E7F else 0.58


def lines_of(text: str, *, size: int, width: int, most: int) -> list[str]:
    """The text broken into at most `most` lines that fit `width` at a letter size; what is over ends in an ellipsis."""
    room = width / size
    lines, line, used = [], "", 0.0
    for letter in text.strip():
        if used + _em(letter) > room and line:
            lines.append(line.rstrip())
            line, used = "", 0.0
        line, used = line + letter, used + _em(letter)
    lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][:-1] + "…"]
    return [one for one in lines if one]


def _text(lines: list[str], *, x: int, y: int, size: int, fill: str, weight: int, step: float = 1.3) -> str:
    made = [
        f'<text x="{x}" y="{round(y + number * size * step)}" font-size="{size}" font-weight="{weight}" '
        f'fill="{fill}" text-anchor="middle">{escape(one)}</text>'
        for number, one in enumerate(lines)
    ]
    return "".join(made)


def poster(
    *,
    size: str,
    title: str,
    subtitle: str,
    foot: str,
    brand: str,
    picture: str,
    accent: str = ACCENT,
    soft: str = ACCENT_SOFT,
) -> str:
    """The whole file. `picture` is a data URI; `accent` and `soft` colour it. KeyError for a size not in SIZES."""
    page = SIZES[size]
    middle, margin = page.width // 2, page.width // 10
    big, small = page.width // 12, page.width // 27
    titles = lines_of(title, size=big, width=page.width - 2 * margin, most=3)
    subs = lines_of(subtitle, size=small, width=page.width - 2 * margin, most=3)
    top = page.height // 8
    below = round(top + len(titles) * big * 1.3 + small * 0.6)
    code = round(page.width * 0.56)
    left = middle - code // 2
    code_y = max(round(page.height * 0.42), round(below + len(subs) * small * 1.5 + small))
    pad = code // 14
    after = code_y + code + pad
    parts = [
        f'<rect width="{page.width}" height="{page.height}" fill="{soft}"/>',
        f'<rect x="{margin // 2}" y="{margin // 2}" width="{page.width - margin}" height="{page.height - margin}" '
        f'rx="{margin // 3}" fill="{SURFACE}"/>',
        f'<rect x="{middle - margin // 2}" y="{round(top - big * 1.5)}" width="{margin}" '
        f'height="{max(6, margin // 14)}" rx="3" fill="{accent}"/>',
        _text(titles, x=middle, y=top, size=big, fill=INK, weight=600),
        _text(subs, x=middle, y=below, size=small, fill=INK_2, weight=400, step=1.5),
        f'<rect x="{left - pad}" y="{code_y - pad}" width="{code + 2 * pad}" height="{code + 2 * pad}" rx="{pad}" '
        f'fill="#ffffff" stroke="#e4e7eb" stroke-width="2"/>',
        f'<image x="{left}" y="{code_y}" width="{code}" height="{code}" href={quoteattr(picture)}/>',
        _text(
            lines_of(foot, size=small, width=page.width - 2 * margin, most=2), x=middle,
            y=round(after + small * 2), size=small, fill=INK, weight=500, step=1.5,
        ),
        _text(
            lines_of(brand, size=small, width=page.width - 2 * margin, most=1), x=middle,
            y=round(page.height - margin * 0.9), size=round(small * 0.9), fill=INK_2, weight=400,
        ),
    ]  # fmt: skip
    extent = page.on_paper or f'width="{page.width}" height="{page.height}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {page.width} {page.height}" {extent} '
        f'font-family="{FONT}">{"".join(parts)}</svg>'
    )
