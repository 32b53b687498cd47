"""A template as a file: written and read back the same, every fault named, nothing made of a bad one."""

from datetime import time

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from content.policies.attachments import attachments_read
from sop.enums import (
    HIDDEN_KINDS,
    Anchor,
    Audience,
    Channel,
    ContentType,
    Evidence,
    OnBlock,
    Part,
    StepRole,
    TemplateKind,
)
from sop.policies.template_fields import STEP_FIELDS
from sop.policies.template_file import (
    LARGEST_BYTES,
    MOST_STEPS,
    Blueprint,
    FileRefused,
    decoded,
    read,
    write,
)
from sop.selectors.builtin import builtin_codes, builtin_get
from sop.selectors.library import blueprint_of
from tests.factories.sop import make_version

pytestmark = pytest.mark.unit

GOOD = """
kind = "camp"
days = 7
name = "七天营"

[[phases]]
key = "all"
first = 1
last = 7

[[steps]]
key = "hello"
day = 1
at = 10:00:00
channel = "group_forward"
content_type = "value"
title = "早上好"
text = "大家好 😀"
"""

_LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\n"), max_size=60)
_TITLE = _LINE.filter(str.strip)
_KEY = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=40)
_LINK = st.fixed_dictionaries(
    {
        "key": _TITLE,
        "title": _TITLE,
        "kind": st.sampled_from(["link", "purchase", "pay", "form", "live", "mini_program"]),
        "url": st.sampled_from(["", 'https://a.example.com/x?y=1&z="q"']),
    }
)


_CARD = st.fixed_dictionaries(
    {
        "kind": st.just("link"),
        "title": st.sampled_from(["直播间", '一"二']),
        "url": st.just("https://a.example.com/8"),
    },
    optional={"description": st.just("今晚 20:00")},
)
_EXITS = [{"rule": "EXIT-01"}, {"rule": "EXIT-05", "value": "A"}, {"rule": "EXIT-07", "value": 150}]


@st.composite
def steps(draw):
    anchor = draw(st.sampled_from(Anchor))
    on_day = anchor == Anchor.RUN_START
    timed = anchor in (Anchor.RUN_START, Anchor.ABSOLUTE)
    blank = dict.fromkeys(STEP_FIELDS)
    return blank | {
        "key": draw(_KEY),
        "phase": draw(st.sampled_from(["", "groundwork"])) or "",
        "link": draw(st.none() | st.integers(1, 5)),
        "parts": draw(st.lists(st.sampled_from(Part.values), unique=True, max_size=4)),
        "anchor": anchor.value,
        "day": draw(st.integers(1, 400)) if on_day else None,
        "at": draw(st.times()) if timed else None,
        "on": draw(st.dates()) if anchor == Anchor.ABSOLUTE else None,
        "trigger_count": draw(st.integers(1, 500)),
        "trigger_kind": draw(st.sampled_from(["", "message", "live"])),
        "trigger_object": draw(_LINE)[:128],
        "trigger_hours": draw(st.integers(0, 720)),
        "trigger_step": draw(st.just("") | _KEY),
        "repeats": draw(st.booleans()),
        "attachments": [one.to_dict() for one in attachments_read(draw(st.lists(_CARD, max_size=2)))],
        "offset_minutes": draw(st.integers(-900, -1))
        if anchor == Anchor.OFFER_END
        else draw(st.integers(0, 900)),
        "window_minutes": draw(st.integers(5, 1440)),
        "channel": draw(st.sampled_from(Channel.values)),
        "replace_channel": draw(st.sampled_from(Channel.values)),
        "content_type": draw(st.sampled_from(ContentType.values)),
        "audience": draw(st.sampled_from(Audience.values)),
        "role": draw(st.sampled_from(StepRole.values)),
        "evidence": draw(st.sampled_from(Evidence.values)),
        "mark": draw(st.sampled_from(["", "first", "peak", "end"])),
        "on_block": draw(st.sampled_from(OnBlock.values)),
        "catch_up": draw(st.sampled_from(["skip", "late", "ask"])),
        "priority": draw(st.integers(0, 1000)),
        "is_marketing": draw(st.booleans()),
        "is_first_offer": draw(st.booleans()),
        "is_service": draw(st.booleans()),
        "opens_talk": draw(st.booleans()),
        "talk_for": draw(st.sampled_from(["", "clicked", "silent"])),
        "talk_hours": draw(st.integers(1, 168)),
        "talk_most": draw(st.integers(1, 100)),
        "talk_text": draw(st.text(_LETTERS, max_size=200)),
        "strategy": draw(st.sampled_from(["", "herd", "peak"])),
        "cost_minutes": draw(st.integers(0, 240)),
        "links": draw(st.lists(_LINK, max_size=3, unique_by=lambda one: one["key"])),
        "title": draw(_TITLE),
        "text": draw(st.text(_LETTERS, max_size=200)),
        "goal": draw(_LINE),
    }


@st.composite
def blueprints(draw):
    offer = draw(st.booleans())
    phase = st.fixed_dictionaries(
        {
            "key": st.just("p"), "first": st.just(1), "last": st.integers(1, 30),
            "name": _LINE.map(lambda words: words[:40]), "note": _LINE,
        },
        optional={"entry": _LINE, "exit": _LINE, "metric": _LINE},
    )  # fmt: skip
    return Blueprint(
        name=draw(_TITLE),
        purpose=draw(_LINE),
        kind=draw(st.sampled_from([one for one in TemplateKind.values if one not in HIDDEN_KINDS])),
        group_kind=draw(st.sampled_from(["", "flash", "new_user", "super_user", "delivery"])),
        days=draw(st.integers(1, 400)),
        after_days=draw(st.integers(0, 60)),
        offer_day=draw(st.integers(1, 400)) if offer else None,
        offer_at=draw(st.times()) if offer else None,
        phases=draw(st.lists(phase, max_size=1)),
        steps=draw(st.lists(steps(), min_size=1, max_size=3, unique_by=lambda one: one["key"])),
        exits=draw(st.lists(st.sampled_from(_EXITS), max_size=2, unique_by=lambda one: one["rule"])),
    )


@given(blueprints())
def test_a_template_read_back_from_its_file_is_the_same(blueprint):
    assert read(write(blueprint)) == blueprint
    assert read(decoded(write(blueprint).encode())) == blueprint


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("code", builtin_codes())
def test_a_built_in_template_survives_its_file(code, language):
    source = builtin_get(code=code, language=language)
    plain = Blueprint(**{name: value for name, value in vars(source).items() if name != "code"})
    assert read(write(plain)) == plain


def faults(text):
    with override("en"), pytest.raises(FileRefused) as refused:
        read(text)
    return [str(one) for one in refused.value.faults]


def test_a_good_file_is_read_with_its_emoji_and_what_it_leaves_out():
    found = read(GOOD)
    (step,) = found.steps
    assert step["text"] == "大家好 😀"
    assert (step["window_minutes"], step["role"], step["links"]) == (60, "owner", [])
    assert step["at"] == time(10)


def test_words_in_both_languages_are_read_in_the_persons():
    text = GOOD.replace('title = "早上好"', 'title = { zh = "早上好", en = "Good morning" }')
    assert read(text, language="en").steps[0]["title"] == "Good morning"
    assert read(text, language="zh-hans").steps[0]["title"] == "早上好"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('channel = "group_forward"', 'channel = "pigeon"', "Step 1 “早上好” · channel: “pigeon” is not known here"),
        ("day = 1\n", "", "Step 1 “早上好” · day: A camp-day step needs a day and a time"),
        ("day = 1\n", "day = 0\n", "Step 1 “早上好” · day: Write a whole number from 1"),
        ("day = 1\n", "day = true\n", "Step 1 “早上好” · day: Write a whole number"),
        ("at = 10:00:00", 'at = "10:00"', "Step 1 “早上好” · at: time: Write a time without quotes"),
        ('text = "', 'texts = "', "Step 1 “早上好” · texts: There is no such field"),
        ('key = "hello"', 'key = "你好 😀"', "Step 1 “早上好” · key: Use up to 40 letters"),
        ('title = "早上好"', 'title = ""', "Step 1 · title: It cannot be empty"),
        ('title = "早上好"\n', "", "Step 1 · title: It is missing"),
        ('text = "大家好 😀"', 'text = "a\\u0000b"', "(NUL)"),
        ("last = 7", "last = 0", "Phase 1 · last"),
        ('kind = "camp"', 'kind = "camp"\nformat = 9', "format: This file is of another edition"),
        ('kind = "camp"', 'kind = "camp"\nowner = "me"', "owner: There is no such field"),
        ('name = "七天营"', 'name = "' + "长" * 65 + '"', "65 characters are too many; at most 64"),
        ('kind = "camp"', 'kind = "week"', "kind: “week” is not known here"),
        ("[[steps]]", "[steps]", "steps: Write each under its own heading"),
        ('text = "', 'on_block = "replace"\ntext = "', "replace_channel: Say which channel takes its place"),
        ('text = "', 'links = [{ kind = "link", title = "x", url = "javascript:1" }]\ntext = "', "begins with https://"),
        ('text = "', 'links = [{ kind = "link", title = "x", to = "y" }]\ntext = "', "A link has no “to”"),
        ('text = "', 'parts = ["who", "who"]\ntext = "', "Name each only once"),
        ('text = "', 'parts = [["who"]]\ntext = "', "is not known here"),
    ],
)  # fmt: skip
def test_a_fault_names_the_step_and_the_field(old, new, said):
    assert any(said in one for one in faults(GOOD.replace(old, new, 1)))


def test_every_fault_is_told_at_once():
    text = GOOD.replace('channel = "group_forward"', 'channel = "pigeon"').replace("day = 1\n", "")
    assert len(faults(text.replace("days = 7", "days = 0"))) == 2


def test_a_key_used_twice_names_both_steps():
    twice = GOOD + GOOD[GOOD.index("[[steps]]") :]
    assert faults(twice) == ["Step 2 · key: “hello” is already the key of number 1."]


def test_a_file_that_is_no_toml_names_the_line():
    assert "Line 3, column" in faults(GOOD.replace("days = 7", "days 7"))[0]
    assert "not closed" in faults(GOOD + 'x = "')[0] or "Line" in faults(GOOD + 'x = "')[0]
    assert "cannot be read" in faults("a = " + "[" * 30_000)[0]


def test_too_many_steps_are_refused():
    step = GOOD[GOOD.index("[[steps]]") :]
    many = GOOD + "".join(step.replace("hello", f"s{number}") for number in range(MOST_STEPS))
    assert f"{MOST_STEPS + 1} are too many" in faults(many)[0]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("大家好".encode("gbk"), "not text in UTF-8"),
        (b"PK\x03\x04\xff\xfe", "not text in UTF-8"),
        (b"x" * (LARGEST_BYTES + 1), "at most 256 KB"),
        (b"  \n ", "The file is empty"),
    ],
)
def test_bytes_that_are_no_template_are_refused(raw, said):
    with override("en"), pytest.raises(FileRefused) as refused:
        decoded(raw)
    assert said in str(refused.value.faults[0])


def test_a_byte_order_mark_does_no_harm():
    assert read(decoded(b"\xef\xbb\xbf" + GOOD.encode())).name == "七天营"


def outcome(act, raw):
    """What a reader makes of it: the result, or the faults in words."""
    try:
        return act(raw)
    except FileRefused as refused:
        return [str(one) for one in refused.faults]


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_in_words(text):
    assert all(outcome(read, text)) if isinstance(outcome(read, text), list) else outcome(read, text).steps


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused_in_words(raw):
    assert outcome(decoded, raw)


def test_what_belongs_to_one_company_stays_behind(scoped) -> None:
    card = {"kind": "link", "title": "直播间", "url": "https://a.example.com/8"}
    picture = {"kind": "image", "asset_id": 7}
    along = [one.to_dict() for one in attachments_read([card, picture])]
    step = {"anchor": "group_tag", "trigger_tag": 5, "attachments": along, "key": "s"}
    exits = [{"rule": "EXIT-01"}, {"rule": "EXIT-08", "value": 5}]
    version = make_version(tenant=scoped, steps=[step], exits=exits)
    text = write(blueprint_of(version))
    again = read(text)
    assert [one["title"] for one in again.steps[0]["attachments"]] == ["直播间"]
    assert again.exits == [{"rule": "EXIT-01"}]
    assert "trigger_tag" not in text


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ('[[exits]]\nrule = "EXIT-08"\nvalue = 5', "EXIT-08"),
        ('[[exits]]\nrule = "EXIT-05"\nvalue = "Z"', "cannot be judged"),
        ('[[exits]]\nrule = "EXIT-07"', "cannot be judged"),
    ],
)
def test_an_exit_that_can_never_be_judged_is_named(extra: str, said: str) -> None:
    head = 'name = "n"\nkind = "camp"\ndays = 7\n'
    where = 'channel = "group_forward"\ncontent_type = "value"\nday = 1\nat = 09:00:00\n'
    step = f'[[steps]]\nkey = "a"\ntitle = "t"\n{where}'
    with override("en"), pytest.raises(FileRefused) as refused:
        read(f"{head}{extra}\n{step}")
    assert any(said in str(one) for one in refused.value.faults)
