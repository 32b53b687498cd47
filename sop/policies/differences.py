"""What differs between two versions, by the meaning of each field: moved, re-timed, re-worded, and so on (R56)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sop.enums.differences import FIELD_KINDS, Differing

Fields = Mapping[str, object]


@dataclass(frozen=True)
class Content:
    """A version without its number: `steps` by key, each its fields; `phases` by key; `frame`: days and offer."""

    steps: Mapping[str, Fields]
    phases: Mapping[str, Fields] = field(default_factory=dict)
    frame: Fields = field(default_factory=dict)


@dataclass(frozen=True)
class StepDifference:
    """One step that differs. `fields`: name -> (before, after); of an added or removed step, all its fields."""

    key: str
    kinds: frozenset[Differing]
    fields: Mapping[str, tuple[object, object]]


@dataclass(frozen=True)
class Difference:
    """`phases`: key -> (before, after), None on the side where there is none. Empty: the two say the same."""

    steps: Mapping[str, StepDifference]
    phases: Mapping[str, tuple[Fields | None, Fields | None]]
    frame: Mapping[str, tuple[object, object]]

    def __bool__(self) -> bool:
        return bool(self.steps or self.phases or self.frame)


def difference(before: Content, after: Content) -> Difference:
    """Everything that changed from `before` to `after`: applied to `before` it gives `after`."""
    keys = [*after.steps, *(key for key in before.steps if key not in after.steps)]
    steps = {}
    for key in keys:
        found = _step(key, before.steps.get(key), after.steps.get(key))
        if found is not None:
            steps[key] = found
    phase_keys = [*after.phases, *(key for key in before.phases if key not in after.phases)]
    return Difference(
        steps=steps,
        phases={
            key: (before.phases.get(key), after.phases.get(key))
            for key in phase_keys
            if before.phases.get(key) != after.phases.get(key)
        },
        frame=_fields(before.frame, after.frame),
    )


def _step(key: str, before: Fields | None, after: Fields | None) -> StepDifference | None:
    if before is None:
        return StepDifference(key, frozenset({Differing.ADDED}), _fields({}, after or {}))
    if after is None:
        return StepDifference(key, frozenset({Differing.REMOVED}), _fields(before, {}))
    fields = _fields(before, after)
    if not fields:
        return None
    return StepDifference(key, frozenset(kind_of(name) for name in fields), fields)


def _fields(before: Fields, after: Fields) -> dict[str, tuple[object, object]]:
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    }


def kind_of(name: str) -> Differing:
    """The kind of difference that a field of a step makes."""
    return FIELD_KINDS.get(name, Differing.RULES)


def replans(kinds: frozenset[Differing]) -> bool:
    """Whether what is planned has to be planned anew. A step that only its labels tell apart is sent as before."""
    return bool(kinds - {Differing.LABELS})
