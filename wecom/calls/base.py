"""What a family of calls stands on: a door that makes one call, pages through a list, sends and fetches files."""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar, cast

from wecom.gateway.wire import Download

T = TypeVar("T")


class Door(Protocol):
    """The client, as its families see it. Every method may raise a WecomError."""

    def call(self, name: str, /, **values: Any) -> dict[str, Any]: ...

    def pages(self, name: str, items: str, /, **values: Any) -> Iterator[Any]: ...

    def upload_to(self, name: str, /, *, filename: str, content: bytes, **values: Any) -> dict[str, Any]: ...

    def download(self, name: str, /, *, span: tuple[int, int] | None = None, **values: Any) -> Download: ...


class Family:
    """Typed calls of one chapter of the vendor notes.

    Every method checks the documented limits before the wire and raises InvalidRequest with the field's name.
    It may raise Stopped, Retryable, Permanent or GivenUp; calls that must not be repeated also UnknownOutcome.
    A method that answers page by page is an iterator: it calls as it is read. Times are unix seconds.
    """

    def __init__(self, door: Door) -> None:
        self._door = door

    def _ask(self, kind: type[T], name: str, **values: Any) -> T:
        return cast(T, self._door.call(name, **values))

    def _rows(self, kind: type[T], name: str, items: str, **values: Any) -> list[T]:
        """The list that an answer holds; WeCom may leave an empty one out."""
        return cast("list[T]", self._door.call(name, **values).get(items) or [])

    def _each(self, kind: type[T], name: str, items: str, **values: Any) -> Iterator[T]:
        return cast("Iterator[T]", self._door.pages(name, items, **values))
