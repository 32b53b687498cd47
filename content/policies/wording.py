"""Variables in a message's text: {群名}, {老师称呼}, {链接:报名}. Rendering is pure."""

import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\{([^{}\n]{1,40})\}")
LINK_PREFIXES = ("链接:", "链接：", "link:")

# Name in the text -> key of the value. Both languages work in every template.
ALIASES: dict[str, str] = {
    "群名": "group", "group": "group",
    "客户称呼": "customer", "customer": "customer",
    "老师称呼": "teacher", "teacher": "teacher",
    "品牌": "brand", "brand": "brand",
    "课程": "product", "product": "product",
    "优惠截止": "offer_ends", "offer ends": "offer_ends",
    "开营日期": "starts_on", "start date": "starts_on",
    "第几天": "day", "day": "day",
    "总天数": "days", "days in all": "days",
    "剩余天数": "days_left", "days left": "days_left",
    "卖点": "fact", "fact": "fact",
    "一句话承诺": "promise", "promise": "promise",
}  # fmt: skip
# A message that goes to many at once cannot name each of them.
ONE_TO_ONE = frozenset({"customer"})


def link_key(name: str) -> str | None:
    """`报名` of `链接:报名`; None for other variables."""
    for prefix in LINK_PREFIXES:
        if name.lower().startswith(prefix):
            return name[len(prefix) :].strip()
    return None


def names_in(text: str) -> list[str]:
    """Variable names in order of appearance, each once."""
    return list(dict.fromkeys(found.group(1).strip() for found in _VARIABLE.finditer(text)))


def unknown_names(text: str, own: Mapping[str, str], links: frozenset[str]) -> list[str]:
    """Names that nothing will fill: typing errors that a customer would see."""
    return [
        name
        for name in names_in(text)
        if name not in ALIASES and name not in own and (link_key(name) is None or link_key(name) not in links)
    ]


def pieces(text: str, values: Mapping[str, str], links: Mapping[str, str]) -> list[tuple[str, str]]:
    """The text in parts of (words, kind): "" plain, "filled" from a variable, "missing" a variable without a value."""
    found: list[tuple[str, str]] = []
    at = 0
    for one in _VARIABLE.finditer(text):
        words = render(one.group(0), values, links)
        found.append((text[at : one.start()], ""))
        found.append((words, "missing" if words == one.group(0) else "filled"))
        at = one.end()
    found.append((text[at:], ""))
    return [part for part in found if part[0]]


def render(text: str, values: Mapping[str, str], links: Mapping[str, str]) -> str:
    """Fill the variables. `values` is keyed by ALIASES' keys or own names, `links` by link key.

    A variable without a value keeps its braces: a person sees it before a customer does.
    """

    def fill(found: re.Match[str]) -> str:
        name = found.group(1).strip()
        key = link_key(name)
        if key is not None:
            return links.get(key, found.group(0))
        return values.get(ALIASES.get(name, name), values.get(name, found.group(0)))

    return _VARIABLE.sub(fill, text)
