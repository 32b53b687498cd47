"""The mix of a super-user group (R16), pure: its share of super-users, the band around it, what an invitation does."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """The share of super-users that a group should have, in percent, and how many points it may be off."""

    percent: int = 30
    points: int = 5


@dataclass(frozen=True, slots=True)
class Mix:
    """Customers of a group, and how many of them are super-users; the others may become some."""

    supers: int
    customers: int

    @property
    def share(self) -> float | None:
        """Super-users among customers; None for nobody."""
        return self.supers / self.customers if self.customers else None

    @property
    def potentials(self) -> int:
        return self.customers - self.supers

    def joined_by(self, *, supers: int, potentials: int) -> "Mix":
        """The mix when so many more sit in the group."""
        return Mix(self.supers + supers, self.customers + supers + potentials)

    def off(self, band: Band) -> int:
        """How far from the share it should be, in hundredths of people: compared, never shown."""
        return abs(100 * self.supers - band.percent * self.customers)

    def is_off(self, band: Band) -> bool:
        """Whether the share lies outside the band; the edge belongs to it. Nobody is never off."""
        return self.off(band) > band.points * self.customers


def breaks(before: Mix, after: Mix, band: Band) -> bool:
    """Whether going from one mix to the other leaves the band, or goes further away outside of it.

    A step back towards the band breaks nothing, even one that does not reach it.
    """
    if not after.is_off(band):
        return False
    if before.customers == 0:
        return True
    return after.off(band) * before.customers > before.off(band) * after.customers
