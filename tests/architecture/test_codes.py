"""A code that a person reads stands for one thing, whichever app says it."""

from collections import defaultdict
from collections.abc import Iterator

from groups.policies.checks import REGISTRY
from tenants.errors import DomainError

# A refusal that says, at the very moment, what a check of the constitution says afterwards.
SAME_RULE = {"MIX-01": "MixNeedsReason", "SUPER-03": "MixBroken"}


def refusals(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every refusal of the product that has a code of its own."""
    for one in base.__subclasses__():
        if "code" in one.__dict__ and not one.__module__.startswith("tests"):
            yield one
        yield from refusals(one)


def test_a_code_has_one_meaning() -> None:
    said: dict[str, set[str]] = defaultdict(set)
    for one in refusals():
        said[one.code].add(one.__name__)
    for code in REGISTRY:
        said[code].add(SAME_RULE.get(code, "a check"))
    assert {code: names for code, names in said.items() if len(names) > 1} == {}
    assert len(said) > 200  # all apps are loaded
