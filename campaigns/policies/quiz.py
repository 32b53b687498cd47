"""Which answers are right, and who is drawn among those who had enough of them. Pure."""

import hmac
from collections.abc import Iterable, Sequence
from hashlib import sha256


def right_of(answers: Sequence[int], rights: Sequence[int]) -> int:
    """How many answers are right; both in the order of the questions."""
    return sum(1 for given, right in zip(answers, rights, strict=True) if given == right)


def is_whole(answers: Sequence[int | None], options: Sequence[int]) -> bool:
    """Whether every question has an answer that stands among its options. `options`: how many each question has."""
    return len(answers) == len(options) and all(
        given is not None and 0 <= given < count for given, count in zip(answers, options, strict=True)
    )


def drawn_order(seed: str, *, quiz_id: int, codes: Iterable[str]) -> list[str]:
    """The codes in the order in which the seed draws them: whoever has the seed and the codes finds the same.

    By HMAC-SHA256(seed, "quiz:code"), the smallest first. A code twice stands once.
    """
    key = bytes.fromhex(seed)
    return sorted(
        set(codes), key=lambda code: (hmac.new(key, f"{quiz_id}:{code}".encode(), sha256).digest(), code)
    )
