"""Phone numbers for those who may not see them whole (R39)."""

import pytest

from contacts.policies.masking import masked_phone


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800136027", "138****6027"), ("+8613800136027", "+86****6027"), ("1380013602", "****"), ("6027", "****"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_short_number_shows_nothing_and_a_long_one_its_ends(phone: str, shown: str) -> None:
    assert masked_phone(phone, may_see=False) == shown
    assert masked_phone(phone, may_see=True) == phone
