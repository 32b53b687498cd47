"""A week of wishes under limits: the feasible schedule of highest value, and what first come, first served would do.

A wish may be carried out in one of its options (its own time first, then later ones) or not at all. An option uses
places: of a person's day, of a group's day, of WeCom's quota, of a staff member's minutes. Nothing here knows what a
place is; `room` says how much there is of each, and what it does not name has no limit.

The best schedule is found part by part: wishes that share no scarce place do not concern each other. Each part is
searched with branch and bound, so small ones end with the proven best. The bound is Lagrange's: prices on scarce
places, each wish taking its best option at these prices, is never worse than the best schedule. Where the search is
cut off the schedule is what improvement by exchange has found, and `bound` says how much better any could be.

An option may need others: so many of some options of other wishes must be carried out (a value touch before a sales
push). A wish whose options others need has no needs itself. The bound leaves needs aside, so it stays a bound.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

CLOSE = 0.001  # a bound this near needs no better prices
NODES = 4_000  # steps of the search for one part
ROUNDS = 250  # of finding prices


class Place(NamedTuple):
    """What is scarce: the code of its rule, whose it is, and of which day or window. A tuple: it is looked up by the
    hundred thousand."""

    rule: str
    owner: str
    period: str


class Need(NamedTuple):
    """`least` wishes must be carried out in one of these options, each (wish, number of its option)."""

    rule: str
    any_of: frozenset[tuple[int, int]]
    least: int


@dataclass(frozen=True)
class Option:
    """One way to carry a wish out. `value`: points; moves are worth a little less than the wish's own time.

    `label` comes back unread. `uses`: (place, how much of it). `needs`: all of them must hold.
    """

    value: int
    uses: tuple[tuple[Place, int], ...]
    label: object = None
    needs: tuple[Need, ...] = ()


@dataclass(frozen=True)
class Wish:
    """One message. `options`: its own time first where that is possible at all; `ruled_out` names the rule where not.

    `declared`: how many of the options its step itself allows without a person's decision; first come, first served
    knows only these. `uses` are what its own time would use.
    """

    key: int
    options: tuple[Option, ...]
    declared: int = 1
    ruled_out: str = ""
    uses: tuple[tuple[Place, int], ...] = ()


@dataclass(frozen=True)
class Schedule:
    """`chosen`: wish -> number of its option, None where it is dropped. `binding`: for each wish that is not carried
    out at its own time the place that has no room, or the rule that excludes the time.

    `bound`: no schedule is worth more; `is_proven`: this one is the best.
    """

    chosen: Mapping[int, int | None]
    value: int
    bound: int
    is_proven: bool
    binding: Mapping[int, Place] = field(default_factory=dict)

    @property
    def gap_percent(self) -> float:
        """How much better the best schedule could be at most, in percent of the bound."""
        return 0.0 if self.bound <= 0 else 100 * (self.bound - self.value) / self.bound


def plan_week(
    wishes: Sequence[Wish], room: Mapping[Place, int], *, nodes: int = NODES, rounds: int = ROUNDS
) -> Schedule:
    """The schedule of highest value. The same wishes give the same schedule; their order breaks ties."""
    chosen: dict[int, int | None] = {}
    value = bound = 0
    is_proven = True
    for part in _parts(wishes, room):
        search = _Search(part, room)
        search.run(nodes=nodes, rounds=rounds)
        chosen.update({wish.key: option for wish, option in zip(part, search.best, strict=True)})
        value, bound = value + search.best_value, bound + search.bound
        is_proven = is_proven and search.is_proven
    chosen = {wish.key: chosen[wish.key] for wish in wishes}
    return Schedule(chosen, value, bound, is_proven, _binding(wishes, room, chosen))


def first_come(wishes: Sequence[Wish], room: Mapping[Place, int]) -> Schedule:
    """What happens without a plan: each wish in the order given takes the first declared option that has room."""
    used: dict[Place, int] = defaultdict(int)
    chosen: dict[int, int | None] = {}
    binding: dict[int, Place] = {}
    value = 0
    for wish in wishes:
        taken = next(
            (
                n
                for n, one in enumerate(wish.options[: wish.declared])
                if _full(one.uses, used, room) is None and not lacking(one, chosen)
            ),
            None,
        )
        if taken != 0 or wish.ruled_out:
            excluded = Place(wish.ruled_out or _lacks_at_own_time(wish, chosen), "", "")
            binding[wish.key] = excluded if excluded.rule else _full(wish.uses, used, room) or excluded
        chosen[wish.key] = taken
        if taken is not None:
            value += wish.options[taken].value
            for place, amount in wish.options[taken].uses:
                used[place] += amount
    return Schedule(chosen, value, value, False, binding)


def lacking(option: Option, chosen: Mapping[int, int | None]) -> str:
    """The rule of a need that does not hold; "" where all of them do."""
    return next((need.rule for need in option.needs if not _holds(need, chosen)), "")


def _holds(need: Need, chosen: Mapping[int, int | None]) -> bool:
    return sum(chosen.get(key) == number for key, number in need.any_of) >= need.least


def _lacks_at_own_time(wish: Wish, chosen: Mapping[int, int | None]) -> str:
    return lacking(wish.options[0], chosen) if wish.options and wish.declared else ""


def _full(
    uses: Sequence[tuple[Place, int]], used: Mapping[Place, int], room: Mapping[Place, int]
) -> Place | None:
    """The first place that has no room for these uses."""
    for place, amount in uses:
        if place in room and used.get(place, 0) + amount > room[place]:
            return place
    return None


def _binding(
    wishes: Sequence[Wish], room: Mapping[Place, int], chosen: Mapping[int, int | None]
) -> dict[int, Place]:
    """Why a wish is not carried out at its own time: what has no room beside everything chosen."""
    used: dict[Place, int] = defaultdict(int)
    for wish in wishes:
        taken = chosen[wish.key]
        for place, amount in wish.options[taken].uses if taken is not None else ():
            used[place] += amount
    found = {}
    for wish in wishes:
        taken = chosen[wish.key]
        if wish.ruled_out:
            found[wish.key] = Place(wish.ruled_out, "", "")
        elif taken != 0 and (rule := _lacks_at_own_time(wish, chosen)):
            found[wish.key] = Place(rule, "", "")
        elif taken != 0:
            own = dict(wish.options[taken].uses) if taken is not None else {}
            without = {place: used[place] - own.get(place, 0) for place, _amount in wish.uses}
            found[wish.key] = _full(wish.uses, without, room) or Place("", "", "")
    return found


def _parts(wishes: Sequence[Wish], room: Mapping[Place, int]) -> list[list[Wish]]:
    """Wishes that share a scarce place or need each other, together; each part in the order given."""
    each = [_most(wish) for wish in wishes]
    most: dict[Place, int] = defaultdict(int)
    for uses in each:
        for place, amount in uses.items():
            most[place] += amount
    scarce = {place for place, amount in most.items() if place in room and amount > room[place]}
    root = list(range(len(wishes)))

    def find(one: int) -> int:
        while root[one] != one:
            root[one] = root[root[one]]
            one = root[one]
        return one

    seen: dict[Place, int] = {}
    for number, uses in enumerate(each):
        for place in uses:
            if place in scarce:
                root[find(number)] = find(seen.setdefault(place, number))
    numbers = {wish.key: number for number, wish in enumerate(wishes)}
    for number, wish in enumerate(wishes):
        for key in {key for one in wish.options for need in one.needs for key, _option in need.any_of}:
            root[find(number)] = find(numbers[key])
    parts: dict[int, list[Wish]] = defaultdict(list)
    for number, wish in enumerate(wishes):
        parts[find(number)].append(wish)
    return list(parts.values())


def _most(wish: Wish) -> dict[Place, int]:
    """What a wish uses of each place at most."""
    found: dict[Place, int] = {}
    for option in wish.options:
        for place, amount in option.uses:
            found[place] = max(found.get(place, 0), amount)
    return found


_Numbered = dict[int, dict[int, list[tuple[int, dict[int, set[int]]]]]]


def _numbered(
    wishes: Sequence[Wish], options: Sequence[Sequence[tuple[int, int, list[tuple[int, int]]]]]
) -> _Numbered:
    """Needs by the places of wishes and options in the search; only of wishes that have any."""
    at = {wish.key: n for n, wish in enumerate(wishes)}
    place_of = [{number: place for place, (number, _v, _u) in enumerate(some)} for some in options]
    found: _Numbered = {}
    for n, wish in enumerate(wishes):
        for number, option in enumerate(wish.options):
            if not option.needs or number not in place_of[n]:
                continue
            mine = found.setdefault(n, {}).setdefault(place_of[n][number], [])
            for need in option.needs:
                others: dict[int, set[int]] = defaultdict(set)
                for key, other in need.any_of:
                    if other in place_of[at[key]]:
                        others[at[key]].add(place_of[at[key]][other])
                mine.append((need.least, dict(others)))
    return found


class _Search:
    """One part: prices, a schedule by greed and exchange, then branch and bound."""

    def __init__(self, wishes: Sequence[Wish], room: Mapping[Place, int]) -> None:
        places = sorted({place for wish in wishes for place in _most(wish) if place in room})
        number = {place: n for n, place in enumerate(places)}
        self.room = [room[place] for place in places]
        # Wish -> its options as (value, [(place, amount)]); those that fit nowhere even alone are left out.
        self.options: list[list[tuple[int, int, list[tuple[int, int]]]]] = [
            [
                (n, option.value, uses)
                for n, option in enumerate(wish.options)
                for uses in ([(number[place], amount) for place, amount in option.uses if place in number],)
                if all(amount <= self.room[place] for place, amount in uses)
            ]
            for wish in wishes
        ]
        # Wish -> option of the list above -> its needs as (count, {wish: its options of the list above}).
        self.needs = _numbered(wishes, self.options)
        # Place -> the wishes that may use it.
        self.users: list[set[int]] = [set() for _place in places]
        for n, options in enumerate(self.options):
            for _, _value, uses in options:
                for one, _amount in uses:
                    self.users[one].add(n)
        self.price = [0.0] * len(places)
        self.best: list[int | None] = [None] * len(wishes)
        self.best_value = 0
        self.bound = 0
        self.is_proven = False

    def run(self, *, nodes: int, rounds: int) -> None:
        every = range(len(self.options))
        self._keep(self._greedy(sorted(every, key=lambda n: (n in self.needs, -self._worth(n)))))
        self.bound = int(self._find_prices(rounds) + 1e-6)
        order = sorted(every, key=lambda n: (n in self.needs, -self._gain(n)[0]))
        self._keep(self._exchange(self._greedy(order)))
        self._branch(nodes)
        if self.is_proven:
            self.bound = self.best_value

    def _worth(self, n: int) -> int:
        return max((value for _, value, _uses in self.options[n]), default=0)

    def _gain(self, n: int) -> tuple[float, int]:
        """What a wish is worth at the prices: (gain, place of its option in the list), (0, -1) when nothing is."""
        best = (0.0, -1)
        for place, (_, value, uses) in enumerate(self.options[n]):
            gain = value - sum(self.price[one] * amount for one, amount in uses)
            if gain > best[0]:
                best = (gain, place)
        return best

    def _may(self, n: int, place: int, taken: Sequence[int]) -> bool:
        """Whether what an option needs is carried out."""
        return all(
            sum(taken[m] in places for m, places in others.items()) >= count
            for count, others in self.needs.get(n, {}).get(place, ())
        )

    def _held(self, taken: list[int]) -> list[int]:
        """Without what lacks what it needs."""
        lost = {n for n in self.needs if taken[n] >= 0 and not self._may(n, taken[n], taken)}
        return [-1 if n in lost else place for n, place in enumerate(taken)]

    def _keep(self, taken: list[int]) -> None:
        taken = self._held(taken)
        value = sum(self.options[n][place][1] for n, place in enumerate(taken) if place >= 0)
        if value > self.best_value or not any(one is not None for one in self.best):
            self.best_value = value
            self.best = [self.options[n][place][0] if place >= 0 else None for n, place in enumerate(taken)]

    def _find_prices(self, rounds: int) -> float:
        """Prices that make the bound small; the bound at the best of them."""
        best, best_price, step = float("inf"), list(self.price), 1.0
        for _round in range(rounds):
            total = sum(price * room for price, room in zip(self.price, self.room, strict=True))
            over = [-float(room) for room in self.room]
            for n in range(len(self.options)):
                gain, place = self._gain(n)
                total += gain
                if place >= 0:
                    for one, amount in self.options[n][place][2]:
                        over[one] += amount
            if total < best - 1e-9:
                best, best_price = total, list(self.price)
            else:
                step *= 0.9
            norm = sum(one * one for one, price in zip(over, self.price, strict=True) if one > 0 or price > 0)
            if norm == 0 or best - self.best_value < best * CLOSE:
                break
            size = step * max(total - self.best_value, 1.0) / norm
            self.price = [max(0.0, price + size * one) for price, one in zip(self.price, over, strict=True)]
        self.price = best_price
        return best if best < float("inf") else 0.0

    def _fits(self, uses: list[tuple[int, int]], left: list[int]) -> bool:
        return all(left[one] >= amount for one, amount in uses)

    def _greedy(self, order: Sequence[int]) -> list[int]:
        taken, left = [-1] * len(self.options), list(self.room)
        for n in order:
            self._insert(n, taken, left)
        return taken

    def _insert(self, n: int, taken: list[int], left: list[int]) -> bool:
        """Carry a wish out in its most valuable option that fits."""
        fits = [
            place
            for place, (_, _v, uses) in enumerate(self.options[n])
            if self._fits(uses, left) and self._may(n, place, taken)
        ]
        if not fits:
            return False
        self._take(n, max(fits, key=lambda place: (self.options[n][place][1], -place)), taken, left)
        return True

    def _take(self, n: int, place: int, taken: list[int], left: list[int]) -> None:
        taken[n] = place
        for one, amount in self.options[n][place][2]:
            left[one] -= amount

    def _remove(self, n: int, taken: list[int], left: list[int]) -> None:
        for one, amount in self.options[n][taken[n]][2]:
            left[one] += amount
        taken[n] = -1

    def _exchange(self, taken: list[int]) -> list[int]:
        """Let a dropped wish take the place of cheaper ones, which look for another, as long as it pays."""
        left = list(self.room)
        for n, place in enumerate(taken):
            for one, amount in self.options[n][place][2] if place >= 0 else ():
                left[one] -= amount
        better = True
        while better:
            better = False
            for n in sorted(range(len(taken)), key=lambda n: -self._worth(n)):
                if taken[n] < 0 and self._swap(n, taken, left):
                    better = True
        return taken

    def _swap(self, n: int, taken: list[int], left: list[int]) -> bool:
        """Whether a dropped wish came in to a gain."""
        for place, (_, value, uses) in enumerate(self.options[n]):
            if not self._may(n, place, taken):
                continue
            out: list[tuple[int, int]] = []  # (wish, its option) that made room
            for m in self._in_the_way(uses, taken, left):
                out.append((m, taken[m]))
                self._remove(m, taken, left)
                if self._fits(uses, left):
                    break
            if self._fits(uses, left):
                self._take(n, place, taken, left)
                cost = sum(self.options[m][was][1] for m, was in out)
                for m, _was in sorted(out, key=lambda one: (-self._worth(one[0]), one[0])):
                    if self._insert(m, taken, left):
                        cost -= self.options[m][taken[m]][1]
                if value > cost:
                    return True
                self._remove(n, taken, left)
            for m, _was in out:
                if taken[m] >= 0:
                    self._remove(m, taken, left)
            for m, was in out:
                self._take(m, was, taken, left)
        return False

    def _in_the_way(self, uses: list[tuple[int, int]], taken: list[int], left: list[int]) -> list[int]:
        """Carried-out wishes that use what these uses lack, the cheapest first."""
        lacks = {one for one, amount in uses if left[one] < amount}
        found = [
            m
            for m in set().union(*(self.users[one] for one in lacks))
            if taken[m] >= 0 and any(one in lacks for one, _amount in self.options[m][taken[m]][2])
        ]
        return sorted(found, key=lambda m: (self.options[m][taken[m]][1], m))

    def _branch(self, nodes: int) -> None:
        """Try every choice that the bound at the prices does not exclude, up to `nodes` steps."""
        # What needs others comes after them: whether it may be carried out is known when it is its turn.
        order = sorted(range(len(self.options)), key=lambda n: (n in self.needs, -self._worth(n), n))
        rest = [0.0] * (len(order) + 1)  # what the wishes from here on are worth at the prices
        for at in range(len(order) - 1, -1, -1):
            rest[at] = rest[at + 1] + self._gain(order[at])[0]
        left, taken = list(self.room), [-1] * len(order)
        priced = sum(price * room for price, room in zip(self.price, left, strict=True))
        # Each entry: (depth, option to try next, value so far, price of what is left); an explicit stack.
        stack = [(0, 0, 0, priced)]
        while stack:
            if nodes <= 0:
                return
            nodes -= 1
            at, nth, value, priced = stack.pop()
            if at == len(order):
                if value > self.best_value:
                    self._keep(taken)
                continue
            n = order[at]
            if taken[n] >= 0:
                self._remove(n, taken, left)
            if nth == 0 and value + rest[at] + priced < self.best_value + 1 - 1e-6:
                continue
            tries = [*range(len(self.options[n])), -1]
            if nth >= len(tries):
                continue
            stack.append((at, nth + 1, value, priced))
            place = tries[nth]
            if place < 0:
                stack.append((at + 1, 0, value, priced))
                continue
            _, worth, uses = self.options[n][place]
            if not self._fits(uses, left) or not self._may(n, place, taken):
                continue
            taken[n] = place
            cost = 0.0
            for one, amount in uses:
                left[one] -= amount
                cost += self.price[one] * amount
            stack.append((at + 1, 0, value + worth, priced - cost))
        self.is_proven = True
