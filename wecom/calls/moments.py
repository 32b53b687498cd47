"""Moments tasks (PROTOCOL 3.8)."""

from collections.abc import Iterator
from typing import Any, TypedDict

from wecom.calls.base import Family
from wecom.calls.content import as_text


class JobResult(TypedDict, total=False):
    """`status` 1: begun, 2: making, 3: made; then `result` has moment_id, errcode and what was invalid."""

    status: int
    type: str
    result: dict[str, Any]


class MomentRow(TypedDict, total=False):
    moment_id: str
    creator: str
    create_time: int
    create_type: int
    visible_type: int
    text: dict[str, str]


class Publisher(TypedDict):
    """`publish_status` 0: not yet, 1: published."""

    userid: str
    publish_status: int


class Watcher(TypedDict, total=False):
    userid: str
    external_userid: str


class Reaction(TypedDict, total=False):
    userid: str
    external_userid: str
    create_time: int


class Comments(TypedDict):
    comment_list: list[Reaction]
    like_list: list[Reaction]


class _Job(TypedDict):
    jobid: str


class Moments(Family):
    """Staff publish by hand what a task offers."""

    def add(
        self,
        *,
        text: str | None = None,
        attachments: list[dict[str, Any]] | None = None,
        visible_range: dict[str, Any] | None = None,
    ) -> str:
        """Make a task; answers its job, readable for 24 h. Not to be repeated.

        Text at most 2,000 characters; 9 images, or 1 video, or 1 link (title 64 bytes), uploaded with
        `media.upload_attachment`. Retryable 45009: 10 a minute per corp.
        """
        return self._ask(
            _Job,
            "add_moment_task",
            text=as_text(text),
            attachments=attachments,
            visible_range=visible_range,
        )["jobid"]

    def job(self, *, jobid: str) -> JobResult:
        """How far the making of a task is."""
        return self._ask(JobResult, "moment_task_result", jobid=jobid)

    def cancel(self, *, moment_id: str) -> None:
        """Stop a task; what is published stays. Safe to repeat."""
        self._door.call("cancel_moment_task", moment_id=moment_id)

    def every(
        self,
        *,
        start_time: int,
        end_time: int,
        creator: str | None = None,
        filter_type: int | None = None,
        limit: int = 20,
    ) -> Iterator[MomentRow]:
        """Moments of at most 30 days. `limit` a page: 1 to 20."""
        return self._each(
            MomentRow,
            "moment_list",
            "moment_list",
            start_time=start_time,
            end_time=end_time,
            creator=creator,
            filter_type=filter_type,
            limit=limit,
        )

    def publishers(self, *, moment_id: str, limit: int = 1000) -> Iterator[Publisher]:
        """Who has published. `limit` a page: 1 to 1,000."""
        return self._each(Publisher, "moment_task", "task_list", moment_id=moment_id, limit=limit)

    def audience(self, *, moment_id: str, userid: str, limit: int = 1000) -> Iterator[Watcher]:
        """Who may see a member's moment. `limit` a page: 1 to 1,000."""
        return self._each(
            Watcher, "moment_customer_list", "customer_list", moment_id=moment_id, userid=userid, limit=limit
        )

    def reached(self, *, moment_id: str, userid: str, limit: int = 5000) -> Iterator[Watcher]:
        """Who got a member's moment. `limit` a page: 1 to 5,000."""
        return self._each(
            Watcher, "moment_send_result", "customer_list", moment_id=moment_id, userid=userid, limit=limit
        )

    def comments(self, *, moment_id: str, userid: str) -> Comments:
        """Comments and likes on a member's moment."""
        return self._ask(Comments, "moment_comments", moment_id=moment_id, userid=userid)
