"""Customers and handing them over (PROTOCOL 3.2)."""

from collections.abc import Iterator
from typing import Any, TypedDict

from wecom.calls.base import Family


class ExternalContact(TypedDict, total=False):
    """`type` 1: a WeChat user, 2: a WeCom user."""

    external_userid: str
    name: str
    type: int
    avatar: str
    gender: int
    unionid: str
    corp_name: str
    corp_full_name: str
    position: str


class FollowTag(TypedDict, total=False):
    """`type` 1: a corp tag, 2: the member's own, 3: of a rule group."""

    group_name: str
    tag_name: str
    tag_id: str
    type: int


class Follow(TypedDict, total=False):
    userid: str
    remark: str
    description: str
    createtime: int
    tags: list[FollowTag]
    remark_corp_name: str
    remark_mobiles: list[str]
    add_way: int
    oper_userid: str
    state: str


class FollowInfo(Follow, total=False):
    """Of `batch`: the tags are ids here."""

    tag_id: list[str]


class Customer(TypedDict):
    external_contact: ExternalContact
    follow_user: list[Follow]


class CustomerOfStaff(TypedDict):
    external_contact: ExternalContact
    follow_info: FollowInfo


class TransferStart(TypedDict):
    """`errcode` 0: the hand-over began; it is done after 24 h."""

    external_userid: str
    errcode: int


class TransferRow(TypedDict, total=False):
    """`status` 1 done, 2 waiting, 3 refused, 4 the limit is reached, 5 none."""

    external_userid: str
    status: int
    takeover_time: int


class Unassigned(TypedDict, total=False):
    handover_userid: str
    external_userid: str
    dimission_time: int


class CustomerPage(TypedDict, total=False):
    """`next_cursor`: where the next page begins; "" or left out at the end."""

    external_contact_list: list[CustomerOfStaff]
    next_cursor: str


class Customers(Family):
    """Customers of the staff in the app's visible range."""

    def follow_users(self) -> list[str]:
        """The staff who may contact customers."""
        return self._rows(str, "follow_user_list", "follow_user")

    def of_staff(self, *, userid: str) -> list[str]:
        """The external user ids of a member's customers. Permanent 84061: none; 84074: no right."""
        return self._rows(str, "customer_list", "external_userid", userid=userid)

    def get(self, *, external_userid: str) -> Customer:
        """One customer with everybody who follows them (pages of 500 are read to the end).

        Permanent 40096: the app cannot see them; 84061: nobody follows them any more.
        """
        follows: list[Follow] = []
        cursor: str | None = None
        while True:
            answer = self._ask(dict[str, Any], "customer_get", external_userid=external_userid, cursor=cursor)
            follows += answer.get("follow_user") or []
            following = answer.get("next_cursor") or None
            if not following or following == cursor:
                return {"external_contact": answer["external_contact"], "follow_user": follows}
            cursor = following

    def batch(self, *, userid_list: list[str], cursor: str = "", limit: int = 100) -> CustomerPage:
        """One page of the customers of at most 100 members, from `cursor` on. `limit`: 1 to 100.

        Page by page, so that a long reading can keep its place. Permanent 84061: they have no customers.
        """
        return self._ask(
            CustomerPage, "customer_batch", userid_list=userid_list, cursor=cursor or None, limit=limit
        )

    def remark(
        self,
        *,
        userid: str,
        external_userid: str,
        remark: str | None = None,
        description: str | None = None,
        remark_company: str | None = None,
        remark_mobiles: list[str] | None = None,
        remark_pic_mediaid: str | None = None,
    ) -> None:
        """Change what a member notes about a customer; at least one field. Safe to repeat.

        Characters: remark 20, description 150, company 20. `[""]` clears the phones. Permanent 84061: not
        connected any more. WeCom sends no callback for this.
        """
        self._door.call(
            "customer_remark",
            userid=userid,
            external_userid=external_userid,
            remark=remark,
            description=description,
            remark_company=remark_company,
            remark_mobiles=remark_mobiles,
            remark_pic_mediaid=remark_pic_mediaid,
        )

    def transfer(
        self,
        *,
        handover_userid: str,
        takeover_userid: str,
        external_userid: list[str],
        transfer_success_msg: str | None = None,
    ) -> list[TransferStart]:
        """Begin handing 1 to 100 customers to a colleague; done after 24 h. Not to be repeated.

        The message has at most 200 characters. 2 hand-overs per customer in 90 days.
        """
        return self._rows(
            TransferStart,
            "transfer_customer",
            "customer",
            handover_userid=handover_userid,
            takeover_userid=takeover_userid,
            external_userid=external_userid,
            transfer_success_msg=transfer_success_msg,
        )

    def transfer_result(self, *, handover_userid: str, takeover_userid: str) -> Iterator[TransferRow]:
        """How the hand-overs between two members went."""
        return self._each(
            TransferRow,
            "transfer_result",
            "customer",
            handover_userid=handover_userid,
            takeover_userid=takeover_userid,
        )

    def transfer_resigned(
        self, *, handover_userid: str, takeover_userid: str, external_userid: list[str]
    ) -> list[TransferStart]:
        """Like `transfer` for a member who left. Permanent 90500: they have not left."""
        return self._rows(
            TransferStart,
            "resigned_transfer_customer",
            "customer",
            handover_userid=handover_userid,
            takeover_userid=takeover_userid,
            external_userid=external_userid,
        )

    def transfer_resigned_result(
        self, *, handover_userid: str, takeover_userid: str
    ) -> Iterator[TransferRow]:
        """How the hand-overs from a member who left went."""
        return self._each(
            TransferRow,
            "resigned_transfer_result",
            "customer",
            handover_userid=handover_userid,
            takeover_userid=takeover_userid,
        )

    def unassigned(self, *, page_size: int = 1000) -> Iterator[Unassigned]:
        """Customers whose member left. `page_size`: 1 to 1,000."""
        return self._each(Unassigned, "unassigned_list", "info", page_size=page_size)
