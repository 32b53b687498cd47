"""Rules on what staff may write, the product album, figures (PROTOCOL 3.5, 3.9)."""

from collections.abc import Iterator
from typing import Any, TypedDict

from wecom.calls.base import Family


class Range(TypedDict, total=False):
    """At most 1,000 of each."""

    user_list: list[str]
    department_list: list[int]


class RuleRow(TypedDict, total=False):
    rule_id: str
    rule_name: str
    create_time: int


class InterceptRule(RuleRow, total=False):
    word_list: list[str]
    semantics_list: list[int]
    extra_rule: dict[str, Any]
    intercept_type: int
    applicable_range: Range


class Product(TypedDict, total=False):
    """`price` in fen."""

    product_id: str
    product_sn: str
    description: str
    price: int
    create_time: int
    attachments: list[dict[str, Any]]


class GroupFigures(TypedDict, total=False):
    new_chat_cnt: int
    chat_total: int
    chat_has_msg: int
    new_member_cnt: int
    member_total: int
    member_has_msg: int
    msg_total: int
    migrate_trainee_chat_cnt: int


class OwnerFigures(TypedDict):
    owner: str
    data: GroupFigures


class DayFigures(TypedDict):
    stat_time: int
    data: GroupFigures


class OwnersPage(TypedDict):
    total: int
    next_offset: int
    items: list[OwnerFigures]


class Behaviour(TypedDict, total=False):
    """`avg_reply_time` in minutes. Figures of several ids are sums."""

    stat_time: int
    chat_cnt: int
    message_cnt: int
    reply_percentage: float
    avg_reply_time: int
    negative_feedback_cnt: int
    new_apply_cnt: int
    new_contact_cnt: int


class _MadeRule(TypedDict):
    rule_id: str


class _RuleList(TypedDict):
    rule_list: list[RuleRow]


class _Rule(TypedDict):
    rule: InterceptRule


class _MadeProduct(TypedDict):
    product_id: str


class _Product(TypedDict):
    product: Product


class _Days(TypedDict):
    items: list[DayFigures]


class _Behaviours(TypedDict):
    behavior_data: list[Behaviour]


class Rules(Family):
    """Words that staff's outgoing text must not hold. There is no callback when a rule strikes."""

    def add(
        self,
        *,
        rule_name: str,
        word_list: list[str],
        intercept_type: int,
        applicable_range: Range,
        semantics_list: list[int] | None = None,
    ) -> str:
        """Make a rule; answers its id. Not to be repeated. 100 per corp.

        Name at most 20 characters, 300 words of 32, `semantics_list` 1 phone, 2 mail, 3 red packet,
        `intercept_type` 1 block, 2 warn.
        """
        return self._ask(
            _MadeRule,
            "add_intercept_rule",
            rule_name=rule_name,
            word_list=word_list,
            intercept_type=intercept_type,
            applicable_range=applicable_range,
            semantics_list=semantics_list,
        )["rule_id"]

    def every(self) -> list[RuleRow]:
        """All rules, without their words."""
        return self._ask(_RuleList, "intercept_rule_list")["rule_list"]

    def get(self, *, rule_id: str) -> InterceptRule:
        """One rule."""
        return self._ask(_Rule, "get_intercept_rule", rule_id=rule_id)["rule"]

    def update(
        self,
        *,
        rule_id: str,
        rule_name: str | None = None,
        word_list: list[str] | None = None,
        intercept_type: int | None = None,
        semantics_list: list[int] | None = None,
        add_applicable_range: Range | None = None,
        remove_applicable_range: Range | None = None,
    ) -> None:
        """Change a rule of this app. Limits as in `add`. Permanent 48002: another app made it."""
        extra = None if semantics_list is None else {"semantics_list": semantics_list}
        self._door.call(
            "update_intercept_rule",
            rule_id=rule_id,
            rule_name=rule_name,
            word_list=word_list,
            intercept_type=intercept_type,
            extra_rule=extra,
            add_applicable_range=add_applicable_range,
            remove_applicable_range=remove_applicable_range,
        )

    def delete(self, *, rule_id: str) -> None:
        """Delete a rule of this app."""
        self._door.call("del_intercept_rule", rule_id=rule_id)


class Products(Family):
    """The product album. Prices in fen."""

    def add(
        self,
        *,
        description: str,
        price_fen: int,
        image_media_ids: list[str],
        product_sn: str | None = None,
    ) -> str:
        """Make a product; answers its id. Not to be repeated.

        Description at most 300 characters, price 0 to 5,000,000 fen, number 128, 1 to 9 images uploaded with
        `media.upload_attachment`.
        """
        return self._ask(
            _MadeProduct,
            "add_product_album",
            description=description,
            price=price_fen,
            product_sn=product_sn,
            attachments=_images(image_media_ids),
        )["product_id"]

    def get(self, *, product_id: str) -> Product:
        """One product."""
        return self._ask(_Product, "get_product_album", product_id=product_id)["product"]

    def every(self, *, limit: int = 100) -> Iterator[Product]:
        """Every product. `limit` a page: 1 to 100."""
        return self._each(Product, "product_album_list", "product_list", limit=limit)

    def update(
        self,
        *,
        product_id: str,
        description: str | None = None,
        price_fen: int | None = None,
        image_media_ids: list[str] | None = None,
        product_sn: str | None = None,
    ) -> None:
        """Change a product of this app. Limits as in `add`. Permanent 48002: another app made it."""
        self._door.call(
            "update_product_album",
            product_id=product_id,
            description=description,
            price=price_fen,
            product_sn=product_sn,
            attachments=None if image_media_ids is None else _images(image_media_ids),
        )

    def delete(self, *, product_id: str) -> None:
        """Delete a product of this app."""
        self._door.call("delete_product_album", product_id=product_id)


def _images(media_ids: list[str]) -> list[dict[str, Any]]:
    return [{"type": "image", "image": {"media_id": media_id}} for media_id in media_ids]


class Statistics(Family):
    """WeCom's own figures: at most 30 days, from 180 days ago to yesterday, whole days in China."""

    def groups_of_owners(
        self,
        *,
        day_begin_time: int,
        day_end_time: int | None = None,
        owners: list[str] | None = None,
        order_by: int | None = None,
        order_asc: bool | None = None,
        offset: int | None = None,
        limit: int = 1000,
    ) -> OwnersPage:
        """Group figures of every owner, or of at most 100. `order_by` 1 to 4, `limit` 1 to 1,000.

        Go on with `next_offset`.
        """
        return self._ask(
            OwnersPage,
            "groupchat_statistic",
            owner_filter={"userid_list": owners} if owners else None,
            day_begin_time=day_begin_time,
            day_end_time=day_end_time,
            order_by=order_by,
            order_asc=None if order_asc is None else int(order_asc),
            offset=offset,
            limit=limit,
        )

    def groups_by_day(
        self, *, day_begin_time: int, day_end_time: int | None = None, owners: list[str] | None = None
    ) -> list[DayFigures]:
        """Group figures of every owner, or of at most 100, together: a row for each day."""
        return self._ask(
            _Days,
            "groupchat_statistic_by_day",
            owner_filter={"userid_list": owners} if owners else None,
            day_begin_time=day_begin_time,
            day_end_time=day_end_time,
        )["items"]

    def behaviour(
        self,
        *,
        start_time: int,
        end_time: int,
        userid: list[str] | None = None,
        partyid: list[int] | None = None,
    ) -> list[Behaviour]:
        """How staff talked with customers, by day: at most 100 members or departments, summed."""
        return self._ask(
            _Behaviours,
            "user_behavior_data",
            userid=userid,
            partyid=partyid,
            start_time=start_time,
            end_time=end_time,
        )["behavior_data"]
