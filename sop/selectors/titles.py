"""The titles of touches, for pages of apps below that know a touch by its key only."""

from collections.abc import Iterable

from sop.enums import REF
from sop.models import Touch


def touch_titles(*, tenant_id: int, touch_keys: Iterable[str]) -> dict[str, str]:
    """{touch key: title of its step}; keys of others are left out. One query, none without a key of ours."""
    ours = f"{REF}:"
    ids = [int(key.removeprefix(ours)) for key in touch_keys if key.startswith(ours)]
    if not ids:
        return {}
    rows = Touch.objects.filter(tenant_id=tenant_id, pk__in=ids).values_list("pk", "step__title")
    return {f"{ours}{pk}": title for pk, title in rows}
