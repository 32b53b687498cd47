"""What a row of the endpoint table is made of: limits of one field, rules between fields, limits of a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

GET, POST = "GET", "POST"

Values: TypeAlias = Mapping[str, Any]
Fault: TypeAlias = tuple[str, str] | None  # (field, what is wrong with it)
Test: TypeAlias = Callable[[Values, float | None], Fault]


@dataclass(frozen=True)
class Limit:
    """What one field may hold. `spec` describes an object, or each object of a list; `each` the other items.

    `bytes` are UTF-8 bytes, `pieces` the parts of a "a|b|c" text, `low` and `high` bound a whole number.
    """

    required: bool = False
    kind: type | None = None
    bytes: int | None = None
    chars: int | None = None
    items: int | None = None
    pieces: int | None = None
    low: int | None = None
    high: int | None = None
    one_of: tuple[Any, ...] = ()
    matches: str = ""
    each: "Limit | None" = None
    spec: Mapping[str, "Limit"] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """A documented combination of fields. `says` is shown in docs/wecom.md; `test` is pure.

    `test(values, now_s)` returns the field and the fault, or None. `now_s` is the present in unix seconds, None
    when the caller does not know it: rules about age then pass.
    """

    says: str
    test: Test


@dataclass(frozen=True)
class FileLimit:
    """What an uploaded file may be; sizes in bytes. WeCom refuses files of 5 bytes and less."""

    most_bytes: int
    suffixes: tuple[str, ...] = ()
    least_bytes: int = 6


@dataclass(frozen=True)
class Endpoint:
    """One call. `is_repeatable`: the same call twice does no harm. `permission` is what the console calls it.

    `token` says which secret's token rides in the query: `access` (the app's), `archive`, `contact_sync` or `none`.
    `section` is the chapter of the vendor notes, `notes` are limits that only the server can count, `errors` the
    codes this call has of its own, beyond those that every call has.
    """

    name: str
    path: str
    method: str
    permission: str
    is_repeatable: bool = True
    fields: Mapping[str, Limit] = field(default_factory=dict)
    token: str = "access"
    is_upload: bool = False
    is_download: bool = False
    rules: tuple[Rule, ...] = ()
    files: Mapping[str, FileLimit] = field(default_factory=dict)
    file_kind: str = ""  # the field that names a file's kind
    cursor_items: str = ""  # the list of the answer, for calls that answer page by page
    section: str = ""
    notes: str = ""
    errors: tuple[int, ...] = ()
