"""The table of docs/wecom.md, made from the rows: what may be sent to WeCom, in which size, how often."""

from collections.abc import Iterable, Iterator, Mapping

from wecom.endpoints.checking import MEGABYTE
from wecom.endpoints.shape import Endpoint, FileLimit, Limit

BEGIN, END = "<!-- endpoints: begin -->", "<!-- endpoints: end -->"
_HEAD = (
    "| Name | Path | Method | Limits | Repeatable | Permission | Source |",
    "|---|---|---|---|---|---|---|",
)


def markdown(rows: Iterable[Endpoint]) -> str:
    """The whole table, markers left out."""
    return "\n".join([*_HEAD, *map(_line, rows)])


def replaced(page: str, table: str) -> str:
    """A page with the table between its markers. Raises ValueError when a marker is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page has no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


def _line(row: Endpoint) -> str:
    said = [
        *_limits("", row.fields),
        *(_file(kind, limit) for kind, limit in row.files.items()),
        *(rule.says for rule in row.rules),
        *([row.notes] if row.notes else []),
        *([f"own codes {', '.join(map(str, row.errors))}"] if row.errors else []),
    ]
    cells = [
        f"`{row.name}`",
        f"`{row.path}`",
        row.method,
        "; ".join(said).replace("|", "\\|") or "–",
        "yes" if row.is_repeatable else "**no**",
        row.permission if row.token in ("access", "none") else f"{row.permission} ({row.token} secret)",
        row.section,
    ]
    return f"| {' | '.join(cell or '–' for cell in cells)} |"


def _limits(prefix: str, spec: Mapping[str, Limit]) -> Iterator[str]:
    for name, limit in spec.items():
        where = f"{prefix}{name}"
        said = [*(["needed"] if limit.required else []), *_sizes(limit)]
        if limit.each:
            said += [f"each {one}" for one in _sizes(limit.each)]
        if said:
            yield f"`{where}` {' '.join(said)}"
        yield from _limits(f"{where}[]." if limit.kind is list else f"{where}.", limit.spec)


def _sizes(limit: Limit) -> Iterator[str]:
    if limit.bytes is not None:
        yield f"≤ {limit.bytes:,} B"
    if limit.chars is not None:
        yield f"≤ {limit.chars:,} chars"
    if limit.items is not None:
        yield f"≤ {limit.items:,} entries"
    if limit.pieces is not None:
        yield f"≤ {limit.pieces:,} parts"
    if limit.high is not None:
        yield f"{limit.low:,}..{limit.high:,}"
    elif limit.low is not None:
        yield f"≥ {limit.low:,}"
    if limit.one_of:
        yield f"of {'/'.join(map(str, limit.one_of))}"
    if limit.matches:
        yield f"like `{limit.matches}`"


def _file(kind: str, limit: FileLimit) -> str:
    kinds = f" {' '.join(limit.suffixes)}" if limit.suffixes else ""
    return f"{kind or 'file'} > 5 B, ≤ {limit.most_bytes // MEGABYTE} MB{kinds}"
