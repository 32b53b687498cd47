"""The vendor's error table (PROTOCOL section 5), code by code: what each makes us do, and that people can read it."""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from console import catalogue
from wecom.endpoints import ENDPOINTS
from wecom.gateway.reactions import REACTIONS, UNKNOWN, Act, reaction_to

pytestmark = pytest.mark.unit

# As the vendor's table stands, row by row.
TABLE = {
    Act.RETRY: (-1,),
    Act.RETRY_ONCE: (6000,),
    Act.STOP_TENANT: (40001, 40091, 40013, 40084, 48004, 60020),
    Act.NEW_TOKEN: (40014, 42001, 40082, 42009),
    Act.NEW_TICKET: (42012,),
    Act.LATER: (40085, 41063, 41079, 41094),
    Act.RESTART: (40029, 42007),
    Act.REUPLOAD: (40007,),
    Act.EMPTY: (41048,),
    Act.GIVE_UP: (41050, 41051, 41096, 41053),
    Act.SLOW_DOWN: (45009,),
    Act.NARROW: (45033,),
    Act.SPLIT: (45029, 81017, 301058),
    Act.STOP_API: (48001, 48002, 48006, 301052, 301053),
    Act.FAIL: (
        40003, 60111, 46004, 40058, 40068, 40096, 41045, 41091, 41095, 40126, 41055, 41054, 41093, 42014, 60011,
        50002, 81013, 84061, 84074, *range(90500, 90512), 301002, 301048, 701008, 701099,
    ),
}  # fmt: skip
CODES = sorted(code for codes in TABLE.values() for code in codes)


@pytest.mark.parametrize(("act", "codes"), TABLE.items())
def test_a_documented_code_has_the_documented_reaction(act, codes):
    assert {code: reaction_to(code).act for code in codes} == dict.fromkeys(codes, act)
    assert not [code for code in codes if code not in REACTIONS]


def test_codes_that_single_calls_have_of_their_own_are_known():
    own = {code for row in ENDPOINTS.values() for code in row.errors}
    assert own - set(REACTIONS) == set()


@given(st.sampled_from(sorted(REACTIONS)))
def test_every_code_says_what_it_means_and_what_to_do_in_both_languages(code):
    found = reaction_to(code)
    with translation.override("en"):
        english = (str(found.meaning), str(found.todo))
    assert all(english)
    if found.act in (Act.STOP_TENANT, Act.STOP_API):
        assert str(found.console)
    texts = _chinese()
    assert [text for text in english if not texts.get(text)] == []


@given(st.integers(-(10**6), 10**7).filter(lambda code: code not in REACTIONS))
def test_an_undocumented_code_is_final_and_never_repeated(code):
    assert reaction_to(code) is UNKNOWN
    assert UNKNOWN.act is Act.FAIL


def test_a_wait_is_told_where_there_is_one():
    assert all((found.wait_s > 0) == (found.act in (Act.LATER, Act.NARROW)) for found in REACTIONS.values())
    assert reaction_to(41063).wait_s >= 30
    assert reaction_to(41094).wait_s == 86_400


_texts: dict[str, str] = {}


def _chinese() -> dict[str, str]:
    if not _texts:
        base = Path(settings.BASE_DIR) / "locale"
        paths = [base / catalogue.LOCALE / "LC_MESSAGES" / "django.po", *(base / "parts").glob("*.po")]
        for path in paths:
            _texts.update({str(one.id): str(one.string) for one in catalogue.load(path) if one.id})
    return _texts
