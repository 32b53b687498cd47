"""Lines of a file of customers, orders or tags, pure: cells to values, or the first fault with its column."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext as _

from contacts.enums import Education, Gender, OrderScene, ProfileField, SheetKind, SkuKind
from contacts.policies.files import Unreadable, fen_of, header_of, moment_of, table_of
from contacts.policies.profile import is_value

WHO: Final[dict[str, tuple[str, ...]]] = {
    "external_userid": ("客户ID", "外部联系人ID", "企微 ID", "企业微信 ID", "WeCom id"),
    "unionid": ("UnionID",),
    "phone": ("手机", "手机号", "电话", "mobile"),
}
COLUMNS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    SheetKind.CUSTOMERS: {
        **WHO,
        "name": ("姓名", "昵称", "客户", "客户名称"),
        "gender": ("性别",),
        "birth_year": ("出生年份", "出生年", "year of birth"),
        "education": ("学历",),
        "occupation": ("职业",),
        "city": ("城市", "所在城市"),
        "interests": ("兴趣", "兴趣爱好"),
    },
    SheetKind.ORDERS: {
        "order_no": ("订单号", "订单编号", "order number"),
        **WHO,
        "ordered_at": ("下单时间", "付款时间", "支付时间", "时间"),
        "amount": ("金额", "实付", "实付金额", "金额（元）", "金额(元)"),
        "sku_code": ("SKU", "商品编码", "SKU编码", "sku"),
        "sku_name": ("商品", "商品名称", "标题"),
        "sku_kind": ("订单类型", "类型", "SKU类型"),
        "scene": ("转化场景", "场景", "scene"),
        "distributor": ("分销码", "推广码", "分销员"),
        "refund_amount": ("退款金额", "退款"),
        "refunded_at": ("退款时间",),
    },
    SheetKind.TAGS: {
        **WHO,
        "tag": ("标签", "标签名", "标签名称"),
        "tag_group": ("标签组", "标签分组"),
        "action": ("操作", "动作"),
    },
    SheetKind.SKUS: {
        "code": ("SKU", "商品编码", "SKU编码", "sku"),
        "name": ("名称", "商品", "商品名称"),
        "price": ("价格", "售价", "价格（元）", "价格(元)"),
        "kind": ("订单类型", "类型", "SKU类型"),
    },
}
NEEDED: Final[dict[str, tuple[str, ...]]] = {
    SheetKind.CUSTOMERS: (),
    SheetKind.ORDERS: ("order_no", "ordered_at", "amount"),
    SheetKind.TAGS: ("tag",),
    SheetKind.SKUS: ("code", "name"),
}
EXAMPLES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    SheetKind.CUSTOMERS: (
        ("wmAbc8Example1", "", "13800138000", "刘女士", "女", "1992", "本科", "会计", "杭州", "阅读"),
        ("", "", "13900139000", "", "", "", "", "教师", "成都", ""),
    ),
    SheetKind.ORDERS: (
        (
            "NO-88",
            "wmAbc8Example1",
            "",
            "",
            "2026-11-20 20:31",
            "1980.00",
            "YEAR",
            "年课",
            "首单",
            "新人",
            "",
            "",
            "",
        ),
        (
            "NO-89",
            "",
            "",
            "13800138000",
            "2026/11/21",
            "99",
            "CAMP",
            "训练营",
            "复购",
            "",
            "K7M2QX",
            "99",
            "2026-11-22 10:00",
        ),
    ),
    SheetKind.TAGS: (
        ("wmAbc8Example1", "", "", "高意向", "意向", "add"),
        ("", "", "13800138000", "沉默", "", "remove"),
    ),
    SheetKind.SKUS: (("CAMP", "7 天体验营", "99", "首单"), ("YEAR", "年课", "1980.00", "升单")),
}
_LONGEST: Final = {
    "external_userid": 64, "unionid": 64, "name": 128, "occupation": 200, "city": 200, "interests": 200,
    "order_no": 100, "sku_code": 64, "sku_name": 120, "tag": 64, "tag_group": 64, "code": 128,
}  # fmt: skip
_ERROR: Final = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!)")
EXTERNAL: Final = re.compile(r"^w[mo][A-Za-z0-9_-]{4,62}$")
_GENDERS: Final = {"女": "female", "女性": "female", "f": "female", "男": "male", "男性": "male", "m": "male"}
_LEVELS: Final = {
    "高中": "high_school", "高中及以下": "high_school", "中专": "high_school", "初中": "high_school",
    "大专": "junior_college", "专科": "junior_college", "本科": "bachelor", "学士": "bachelor",
    "硕士": "above", "研究生": "above", "博士": "above", "本科以上": "above",
}  # fmt: skip
SKU_WORDS: Final = {
    "first": "first", "首单": "first", "首购": "first", "首销": "first", "upsell": "upsell", "升单": "upsell",
    "加购": "upsell", "repurchase": "repurchase", "复购": "repurchase",
}  # fmt: skip
SCENE_WORDS: Final = {
    "newcomer": "newcomer", "新人": "newcomer", "新人转化": "newcomer", "daily": "daily", "日常": "daily",
    "日常转化": "daily", "node": "node", "节点": "node", "节点转化": "node", "flash": "flash", "快闪": "flash",
    "快闪转化": "flash",
}  # fmt: skip
_ADD: Final = {"": "add", "add": "add", "+": "add", "加": "add", "添加": "add", "打标": "add"}
_ACTIONS: Final = {
    **_ADD,
    "remove": "remove",
    "-": "remove",
    "去": "remove",
    "移除": "remove",
    "删除": "remove",
}
_FUTURE, _PAST = timedelta(days=1), timedelta(days=10 * 365)


@dataclass(frozen=True)
class Line:
    """One line as read. `told`: column to value, cleaned; times are ISO in UTC, money in fen. `fault` (column, why)."""

    line: int
    cells: list[str]
    told: dict[str, Any] = field(default_factory=dict)
    fault: tuple[str, str] | None = None


class _Wrong(Exception):
    """A cell that cannot be taken: (column, why)."""


def sheet_header(text: str, kind: str) -> tuple[list[str], int]:
    """(the first line, how many lines follow). Raises Unreadable for what is no such file."""
    first, rows = table_of(text)
    found = header_of(first, columns=COLUMNS[kind], needed=NEEDED[kind])
    if kind != SheetKind.SKUS and not set(found) & set(WHO):
        raise Unreadable(_("Name the people by a column external_userid, unionid or phone."))
    if kind == SheetKind.CUSTOMERS and not set(found) - set(WHO) and len(found) < 2:
        raise Unreadable(_("Beside the column that names the people there has to be one to write."))
    return first, sum(1 for _row in rows)


def sheet_lines(text: str, *, kind: str, zone: str, now: datetime) -> Iterator[Line]:
    """Every line after the header. Times without an offset are on the wall of `zone`. Raises Unreadable."""
    first, rows = table_of(text)
    header = header_of(first, columns=COLUMNS[kind], needed=NEEDED[kind])
    for number, cells in rows:
        values = {name: cells[at] if at < len(cells) else "" for name, at in header.items()}
        try:
            yield Line(number, cells, _read(kind, values, zone, now))
        except _Wrong as wrong:
            yield Line(number, cells, fault=(wrong.args[0], wrong.args[1]))


def _read(kind: str, values: dict[str, str], zone: str, now: datetime) -> dict[str, Any]:
    for name, value in values.items():
        if _ERROR.fullmatch(value):
            raise _Wrong(name, _("The spreadsheet shows an error here: %(value)s.") % {"value": value})
    for name, longest in _LONGEST.items():
        if len(values.get(name, "")) > longest:
            raise _Wrong(name, _("At most %(n)s characters.") % {"n": longest})
    for name in NEEDED[kind]:
        if not values[name]:
            raise _Wrong(name, _("This must not be empty."))
    told: dict[str, Any] = {name: value for name, value in values.items() if value}
    if kind != SheetKind.SKUS and not any(told.get(name) for name in WHO):
        raise _Wrong("external_userid", _("Say who it is: WeCom's id, union id or phone."))
    if "external_userid" in told and not EXTERNAL.match(told["external_userid"]):
        raise _Wrong("external_userid", _("WeCom's ids of customers begin with wm or wo. Copy it whole."))
    if "phone" in told:
        told["phone"] = phone_of(told["phone"])
    return _READERS[kind](told, zone, now)


def phone_of(raw: str) -> str:
    """A phone number without blanks, dashes and China's prefix. Raises for what is none."""
    digits = re.sub(r"[\s()（）-]", "", raw)
    plain = digits.removeprefix("+86").removeprefix("0086")
    if not re.fullmatch(r"\+?\d{5,20}", plain):
        raise _Wrong("phone", _("This is no phone number. Keep the column as text in the spreadsheet."))
    return plain


def _customer(told: dict[str, Any], zone: str, now: datetime) -> dict[str, Any]:
    told["gender"] = _word(told, "gender", _GENDERS, Gender.values)
    told["education"] = _word(told, "education", _LEVELS, Education.values)
    for name in ProfileField.values:
        if not is_value(name, told.get(name, ""), this_year=now.year):
            raise _Wrong(name, _("Write a year from 1900 on, such as 1992."))
    return {name: value for name, value in told.items() if value}


def _word(told: Mapping[str, Any], name: str, words: Mapping[str, str], keys: list[str]) -> str:
    raw = str(told.get(name, "")).lower()
    if not raw:
        return ""
    found = words.get(raw, raw)
    if found not in keys:
        raise _Wrong(name, _("Write one of: %(words)s.") % {"words": ", ".join([*keys, *words][:12])})
    return found


def _order(told: dict[str, Any], zone: str, now: datetime) -> dict[str, Any]:
    told["ordered_at"] = _when(told, "ordered_at", zone, now)
    told["amount_fen"] = _money(told, "amount")
    told["sku_kind"] = _word(told, "sku_kind", SKU_WORDS, SkuKind.values)
    told["distributor"] = str(told.get("distributor", "")).strip().upper()
    if told["distributor"] and not re.fullmatch("[A-Z0-9]{4,16}", told["distributor"]):
        raise _Wrong("distributor", _("A distributor's code has letters and digits only, like K7M2QX."))
    told["scene"] = _word(told, "scene", SCENE_WORDS, OrderScene.values)
    if told.get("refunded_at") and not told.get("refund_amount"):
        raise _Wrong("refund_amount", _("A refund needs its amount."))
    if told.get("refund_amount"):
        told["refund_fen"] = _money(told, "refund_amount")
        if not 0 < told["refund_fen"] <= told["amount_fen"]:
            raise _Wrong("refund_amount", _("A refund is more than nothing and at most what was paid."))
        told["refunded_at"] = _when(
            told, "refunded_at" if told.get("refunded_at") else "ordered_at", zone, now
        )
        if told["refunded_at"] < told["ordered_at"]:
            raise _Wrong("refunded_at", _("A refund comes after its order."))
    return {name: value for name, value in told.items() if value not in ("", None)}


def _money(told: Mapping[str, Any], name: str) -> int:
    try:
        return fen_of(str(told[name])) or 0
    except (InvalidOperation, ValueError) as error:
        raise _Wrong(name, _("Write yuan as 1980 or 1980.00, not negative.")) from error


def _when(told: Mapping[str, Any], name: str, zone: str, now: datetime) -> str:
    try:
        at = moment_of(str(told[name]), zone)
    except (ValueError, OverflowError) as error:
        raise _Wrong(name, _("Write it as 2026-11-20 20:05 or in ISO 8601.")) from error
    if not now - _PAST <= at <= now + _FUTURE:
        raise _Wrong(name, _("More than a day in the future, or more than ten years ago."))
    return at.isoformat()


def _tag(told: dict[str, Any], zone: str, now: datetime) -> dict[str, Any]:
    action = _ACTIONS.get(str(told.get("action", "")).lower())
    if action is None:
        raise _Wrong("action", _("Write add or remove; empty means add."))
    return {**told, "action": action}


def _sku(told: dict[str, Any], zone: str, now: datetime) -> dict[str, Any]:
    if "price" in told:
        told["price_fen"] = _money(told, "price")
    told["kind"] = _word(told, "kind", SKU_WORDS, SkuKind.values)
    return {name: value for name, value in told.items() if value != ""}


_READERS: Final[dict[str, Callable[[dict[str, Any], str, datetime], dict[str, Any]]]] = {
    SheetKind.CUSTOMERS: _customer,
    SheetKind.ORDERS: _order,
    SheetKind.TAGS: _tag,
    SheetKind.SKUS: _sku,
}


def template_lines(kind: str) -> list[list[str]]:
    """The file to start from: the header and two examples."""
    return [list(COLUMNS[kind]), *(list(row) for row in EXAMPLES[kind])]
