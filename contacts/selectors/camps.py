"""The people of a camp, for pages of customers; the app that runs camps tells which there are (R28, R33)."""

from collections.abc import Callable, Iterable

from contacts.selectors import members_of_groups

Choices = Callable[..., Iterable[tuple[int, str]]]
GroupIds = Callable[..., list[int]]


OfGroups = Callable[..., list[tuple[int, str, list[int]]]]


class _Camps:
    choices: Choices | None = None
    group_ids: GroupIds | None = None
    of_groups: OfGroups | None = None


def register_camps(*, choices: Choices, group_ids: GroupIds, of_groups: OfGroups) -> None:
    """`choices(tenant_id=) -> [(id, name)]` of the camps, the newest first; `group_ids(tenant_id=, camp_id=)`: of the
    groups of one, none for an unknown or foreign one; `of_groups(tenant_id=, group_ids=) -> [(id, name, group ids)]`:
    the camps of these groups, the newest first."""
    _Camps.choices, _Camps.group_ids = staticmethod(choices), staticmethod(group_ids)
    _Camps.of_groups = staticmethod(of_groups)


def camps_of_groups(*, tenant_id: int, group_ids: list[int]) -> list[tuple[int, str, list[int]]]:
    """(id, name, those of the groups that take part) of each camp with any of them, the newest first."""
    if _Camps.of_groups is None or not group_ids:
        return []
    return _Camps.of_groups(tenant_id=tenant_id, group_ids=group_ids)


def camp_groups(*, tenant_id: int, camp_id: int) -> list[int]:
    """The groups of one camp now."""
    return [] if _Camps.group_ids is None else _Camps.group_ids(tenant_id=tenant_id, camp_id=camp_id)


def camps_for_choice(*, tenant_id: int) -> list[tuple[int, str]]:
    """(id, name) of the camps that figures and lists can be narrowed to, the newest first."""
    return [] if _Camps.choices is None else list(_Camps.choices(tenant_id=tenant_id))


def camp_people(*, tenant_id: int, camp_id: int) -> list[int]:
    """Customers who sit now in a group of one camp; a person in two of its groups once."""
    groups = camp_groups(tenant_id=tenant_id, camp_id=camp_id)
    found = members_of_groups(tenant_id=tenant_id, group_ids=groups)
    return sorted({who for members in found.values() for who in members})
