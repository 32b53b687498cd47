"""All ties of a corp in one dict by (userid, external_userid), with the two look-ups that calls need."""

from __future__ import annotations

from typing import Any

from simulator.world.entities import Relation

Key = tuple[str, str]


class Ties(dict[Key, Relation]):
    """A dict that also knows the ties of one staff member and of one customer, oldest first.

    Ties are never removed: one that ended keeps its status.
    """

    by_staff: dict[str, list[Relation]]
    by_customer: dict[str, list[Relation]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Ties:
        made = super().__new__(cls)
        made.by_staff, made.by_customer = {}, {}
        return made

    def __setitem__(self, key: Key, tie: Relation) -> None:
        if key in self:
            raise KeyError(f"{key} is known already")
        self.by_staff.setdefault(key[0], []).append(tie)
        self.by_customer.setdefault(key[1], []).append(tie)
        super().__setitem__(key, tie)

    def setdefault(self, key: Key, default: Relation | None = None) -> Relation:
        found = self.get(key)
        if found is None:
            found = default or Relation(*key)
            self[key] = found
        return found

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """The indexes are built again when the ties are read back."""
        return Ties, (), None, None, iter(self.items())
