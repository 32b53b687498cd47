"""The faults as the console page shows them: names in words, what kind of value each takes, how they group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SHARE, NUMBER, SECONDS, SWITCH, CODE, LIMIT, ANSWER = (
    "share",
    "number",
    "seconds",
    "switch",
    "code",
    "limit",
    "answer",
)


@dataclass(frozen=True)
class Row:
    name: str
    label: str
    help: str
    kind: str


GROUPS: tuple[tuple[str, tuple[Row, ...]], ...] = (
    (
        "回调",
        (
            Row("duplicate_p", "重复送达", "已收下的回调再送一次", SHARE),
            Row("reorder_p", "打乱顺序", "晚于后来的回调送达，有的要到下一轮", SHARE),
            Row("drop_p", "永不送达", "回调不会发出，账本记为 dropped", SHARE),
            Row("delay_p", "延后送达", "按下面的秒数延后，在之后的一轮送出", SHARE),
            Row("delay_s", "延后多久", "按共用时钟", SECONDS),
            Row("legacy_payload", "旧版群事件", "没有 MemChangeList 和成员版本", SWITCH),
        ),
    ),
    (
        "接口",
        (
            Row("busy_p", "系统繁忙 -1", "每次调用出现的机会", SHARE),
            Row("busy_next", "接下来几次 -1", "用完自动停止", NUMBER),
            Row("rate_limit", "频率限制 45009", "窗口内超过次数后，整个窗口都拒绝", LIMIT),
            Row("concurrency_limit", "并发上限 45033", "同一接口同时进行的上限，0 为不限", NUMBER),
            Row("answer_code", "指定错误码", "指定接口直接返回这个错误码", ANSWER),
            Row("http_error_p", "网关错误页", "返回 502 网页", SHARE),
            Row("garbage_p", "残缺的回答", "返回半截 JSON", SHARE),
            Row("slow_p", "慢回答", "出现的机会，时长见下", SHARE),
            Row("slow_ms", "慢多少毫秒", "", NUMBER),
            Row("slow_after_effect", "先生效再慢", "调用方放弃后无从知道是否生效", SWITCH),
        ),
    ),
    (
        "凭证",
        (
            Row("new_token_each_time", "每次换新 token", "关闭时有效期内重复返回同一个", SWITCH),
            Row("revoke_token_p", "提前失效", "每次调用令 token 失效的机会", SHARE),
            Row("revoke_code", "失效时的错误码", "40014 或 42001", CODE),
        ),
    ),
    (
        "欢迎语与群发",
        (
            Row("no_welcome_code_p", "没有 WelcomeCode", "添加事件不带欢迎码", SHARE),
            Row("welcome_race_p", "别的应用先用掉", "欢迎码已被用，返回 41051", SHARE),
            Row("welcome_busy_p", "正在发送", "返回 41096", SHARE),
            Row("dispatch_s", "群发派发中", "创建后多久内查询返回 41063", SECONDS),
            Row("personal_send_p", "成员自己群发", "群主当天自行群发，占用配额", SHARE),
            Row("drop_app_messages", "应用消息静默丢弃", "同一成员每分钟超 30 条或每小时超 1000 条", SWITCH),
        ),
    ),
    (
        "数据与存档",
        (
            Row("group_lag_s", "群详情滞后", "groupchat/get 返回多久以前的样子", SECONDS),
            Row("archive_network_p", "存档网络错误", "SDK 返回 10001", SHARE),
        ),
    ),
    (
        "商城与课程系统",
        (
            Row("shop_duplicate_p", "事件重复", "", SHARE),
            Row("shop_late_p", "事件迟到", "", SHARE),
            Row("shop_shuffle", "事件乱序", "", SWITCH),
        ),
    ),
)
ROWS = {row.name: row for _, rows in GROUPS for row in rows}
PARTS = {LIMIT: ("path", "calls", "window_s"), ANSWER: ("path", "code", "times")}


def _number(text: str) -> float | int:
    value = float(text)
    return int(value) if value.is_integer() else value


def read_form(form: dict[str, str]) -> dict[str, Any]:
    """The faults of a submitted page. Raises ValueError for what is no number."""
    found: dict[str, Any] = {}
    for row in ROWS.values():
        if row.kind == SWITCH:
            found[row.name] = form.get(row.name) == "on"
        elif row.kind in PARTS:
            found[row.name] = _rule(row, form)
        elif row.kind == SHARE:
            found[row.name] = float(form.get(row.name) or 0) / 100
        else:
            found[row.name] = _number(form.get(row.name) or "0")
    return found


def _rule(row: Row, form: dict[str, str]) -> dict[str, Any]:
    """A rule of several boxes; without its main number there is none."""
    path, *names = PARTS[row.kind]
    values = {name: form.get(f"{row.name}.{name}", "").strip() for name in names}
    if not values[names[0]]:
        return {}
    rule: dict[str, Any] = {name: _number(value) for name, value in values.items() if value}
    rule["path"] = form.get(f"{row.name}.{path}", "").strip() or "*"
    return rule
