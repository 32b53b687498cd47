"""Group names as people see them (R10): characters that a reader counts, brand, number, place, emoji."""

import re
import unicodedata

_ZWJ = "‍"
_EXTENDERS = {"‌", _ZWJ, "ﾞ", "ﾟ"}
_KEYCAP = "⃣"
_EMOJI_LOOK = "️"

# Characters that a font may draw as a picture: Extended_Pictographic of Unicode, as ranges.
_PICTURES = (
    (0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x203C), (0x2049, 0x2049), (0x2122, 0x2122), (0x2139, 0x2139),
    (0x2194, 0x2199), (0x21A9, 0x21AA), (0x231A, 0x231B), (0x2328, 0x2328), (0x2388, 0x2388),
    (0x23CF, 0x23CF), (0x23E9, 0x23F3), (0x23F8, 0x23FA), (0x24C2, 0x24C2), (0x25AA, 0x25AB),
    (0x25B6, 0x25B6), (0x25C0, 0x25C0), (0x25FB, 0x25FE), (0x2600, 0x2605), (0x2607, 0x2612),
    (0x2614, 0x2685), (0x2690, 0x2705), (0x2708, 0x2712), (0x2714, 0x2714), (0x2716, 0x2716),
    (0x271D, 0x271D), (0x2721, 0x2721), (0x2728, 0x2728), (0x2733, 0x2734), (0x2744, 0x2744),
    (0x2747, 0x2747), (0x274C, 0x274C), (0x274E, 0x274E), (0x2753, 0x2755), (0x2757, 0x2757),
    (0x2763, 0x2767), (0x2795, 0x2797), (0x27A1, 0x27A1), (0x27B0, 0x27B0), (0x27BF, 0x27BF),
    (0x2934, 0x2935), (0x2B05, 0x2B07), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55),
    (0x3030, 0x3030), (0x303D, 0x303D), (0x3297, 0x3297), (0x3299, 0x3299), (0x1F000, 0x1F1E5),
    (0x1F200, 0x1F3FA), (0x1F400, 0x1FAFF), (0x1FC00, 0x1FFFD),
)  # fmt: skip

_NUMBER = re.compile(r"\d|[一二三四五六七八九十百]+\s*[群班期营组号]|第\s*[一二三四五六七八九十百]+|[①-⑳]")
_PLACE_END = re.compile(r"[^\s·\-_]{1,6}(?:省|市|区|县|镇|乡|村|街|路|店|馆|校)")
_PLACES = (
    "北京", "上海", "天津", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江", "江苏", "浙江", "安徽", "福建",
    "江西", "山东", "河南", "湖北", "湖南", "广东", "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海",
    "台湾", "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门", "广州", "深圳", "杭州", "南京", "苏州",
    "成都", "武汉", "西安", "长沙", "郑州", "青岛", "济南", "大连", "沈阳", "哈尔滨", "长春", "厦门", "福州",
    "合肥", "南昌", "昆明", "贵阳", "南宁", "海口", "太原", "石家庄", "兰州", "西宁", "银川", "乌鲁木齐",
    "拉萨", "呼和浩特", "宁波", "无锡", "东莞", "佛山", "温州", "华东", "华南", "华北", "华中", "西南",
    "西北", "东北",
)  # fmt: skip


def _is_picture(char: str) -> bool:
    code = ord(char)
    return any(low <= code <= high for low, high in _PICTURES)


def _is_flag_letter(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF


def _extends(char: str) -> bool:
    """Marks, variation selectors, skin tones, joiners and tag characters belong to the character before them."""
    code = ord(char)
    return (
        char in _EXTENDERS
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
        or unicodedata.category(char) in ("Mn", "Me", "Mc")
    )


def _hangul(char: str) -> str:
    """L, V, T for the conjoining letters of Korean, LV and LVT for its syllables, "" for the rest."""
    code = ord(char)
    if 0xAC00 <= code <= 0xD7A3:
        return "LV" if (code - 0xAC00) % 28 == 0 else "LVT"
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    return ""


_HANGUL_JOINS = {"L": {"L", "V", "LV", "LVT"}, "LV": {"V", "T"}, "V": {"V", "T"}, "LVT": {"T"}, "T": {"T"}}


def _ends_in_picture(cluster: str) -> bool:
    """Whether the last character that is no extender is a picture; a joiner or a spacing mark cuts that off."""
    for char in reversed(cluster):
        if char == _ZWJ or unicodedata.category(char) == "Mc":
            return False
        if not _extends(char):
            return _is_picture(char)
    return False


def _joins(cluster: str, char: str) -> bool:
    """Whether `char` belongs to the cluster before it (UAX #29, without Prepend and the Indic conjuncts)."""
    last = cluster[-1]
    if (last, char) == ("\r", "\n"):
        return True
    if unicodedata.category(last) == "Cc" or unicodedata.category(char) == "Cc":
        return False
    if _extends(char):
        return True
    if last == _ZWJ and _is_picture(char):
        return _ends_in_picture(cluster[:-1])
    if _is_flag_letter(char):
        return len(cluster) == 1 and _is_flag_letter(last)
    return _hangul(char) in _HANGUL_JOINS.get(_hangul(last), set())


def characters(text: str) -> list[str]:
    """`text` as a reader counts it: a family emoji, a flag or a letter with marks is one."""
    found: list[str] = []
    for char in text:
        if found and _joins(found[-1], char):
            found[-1] += char
        else:
            found.append(char)
    return found


def length(text: str) -> int:
    """How many characters a reader sees."""
    return len(characters(text))


def _is_emoji(cluster: str) -> bool:
    if _KEYCAP in cluster or _EMOJI_LOOK in cluster:
        return True
    return cluster[0] > "\xff" and (_is_picture(cluster[0]) or _is_flag_letter(cluster[0]))


def emoji_count(text: str) -> int:
    """How many of them are pictures: emoji, flags, keycaps."""
    return sum(_is_emoji(one) for one in characters(text))


def has_number_or_place(name: str, *, brand: str = "", series: str = "") -> bool:
    """Whether a name tells its group from the others of its series. Brand and series do not count."""
    rest = name
    for known in (brand, series):
        rest = rest.replace(known, " ") if known else rest
    text = unicodedata.normalize("NFKC", rest)
    return bool(_NUMBER.search(text) or _PLACE_END.search(text) or any(place in text for place in _PLACES))
