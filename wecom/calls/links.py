"""Acquisition links (PROTOCOL 3.13)."""

from collections.abc import Iterator
from typing import Any, TypedDict
from urllib.parse import quote

from wecom.calls.base import Family
from wecom.endpoints.links import CHANNEL_BYTES
from wecom.errors import InvalidRequest


class LinkRange(TypedDict, total=False):
    """At most 500 staff."""

    user_list: list[str]
    department_list: list[int]


class Link(TypedDict, total=False):
    link_id: str
    link_name: str
    url: str
    create_time: int
    skip_verify: bool


class LinkDetail(TypedDict, total=False):
    link: Link
    range: LinkRange
    priority_option: dict[str, Any]


class LinkCustomer(TypedDict, total=False):
    """`chat_status` 0: has not written, 1: has."""

    external_userid: str
    userid: str
    chat_status: int
    state: str


class LinkFigures(TypedDict):
    click_link_customer_cnt: int
    new_customer_cnt: int


class LinkQuota(TypedDict, total=False):
    total: int
    balance: int
    quota_list: list[dict[str, int]]


class _Made(TypedDict):
    link: Link


def with_channel(url: str, channel: str) -> str:
    """A link's address that brings `channel` back as the state. Raises InvalidRequest above 64 UTF-8 bytes."""
    if len(channel.encode()) > CHANNEL_BYTES:
        raise InvalidRequest(
            f"customer_channel has {len(channel.encode())} bytes, {CHANNEL_BYTES} are allowed"
        )
    return f"{url}{'&' if '?' in url else '?'}customer_channel={quote(channel, safe='')}"


class Links(Family):
    """Paid: each new customer takes one from the quota."""

    def every(self, *, limit: int = 100) -> Iterator[str]:
        """The ids of all links. `limit` a page: 1 to 100."""
        return self._each(str, "link_list", "link_id_list", limit=limit)

    def get(self, *, link_id: str) -> LinkDetail:
        """One link with its range."""
        return self._ask(LinkDetail, "link_get", link_id=link_id)

    def create(
        self,
        *,
        link_name: str,
        range: LinkRange,
        skip_verify: bool | None = None,
        priority_option: dict[str, Any] | None = None,
    ) -> Link:
        """Make a link. Name at most 30 characters, 500 staff. Permanent 41095: too many links. Not to be repeated."""
        return self._ask(
            _Made,
            "link_create",
            link_name=link_name,
            range=range,
            skip_verify=skip_verify,
            priority_option=priority_option,
        )["link"]

    def update(
        self,
        *,
        link_id: str,
        link_name: str | None = None,
        range: LinkRange | None = None,
        skip_verify: bool | None = None,
        priority_option: dict[str, Any] | None = None,
    ) -> None:
        """Change a link; its range is replaced."""
        self._door.call(
            "link_update",
            link_id=link_id,
            link_name=link_name,
            range=range,
            skip_verify=skip_verify,
            priority_option=priority_option,
        )

    def delete(self, *, link_id: str) -> None:
        """Delete a link. WeCom sends no event for it."""
        self._door.call("link_delete", link_id=link_id)

    def customers(self, *, link_id: str, limit: int = 1000) -> Iterator[LinkCustomer]:
        """Who came by a link. `limit` a page: 1 to 1,000."""
        return self._each(LinkCustomer, "link_customer", "customer_list", link_id=link_id, limit=limit)

    def statistic(self, *, link_id: str, start_time: int, end_time: int) -> LinkFigures:
        """Clicks and new customers of at most 30 days, not older than 180 days."""
        return self._ask(
            LinkFigures, "link_statistic", link_id=link_id, start_time=start_time, end_time=end_time
        )

    def quota(self) -> LinkQuota:
        """How many new customers are still paid for."""
        return self._ask(LinkQuota, "link_quota")
