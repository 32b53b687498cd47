"""Every row of the endpoint table against the running simulator, driven by one table of cases.

A row without a case, a limit that no case reaches, a rule without a breach and a documented error that is not
provoked each fail a test of their own.
"""

import inspect
import re
from typing import Any

import pytest

from tests.wecom.conformance.cases import CASES
from tests.wecom.conformance.harness import Ago, Break, Case, World
from tests.wecom.conformance.mutations import LONG, Mutation, mutations, places, sized
from wecom.calls import Calls
from wecom.calls.base import Family
from wecom.endpoints import ENDPOINTS, Endpoint, check_file, check_request
from wecom.errors import (
    GivenUp,
    InvalidRequest,
    MediaGone,
    Permanent,
    Retryable,
    Stopped,
    TooMuch,
    UnknownOutcome,
)
from wecom.gateway import answers
from wecom.gateway.reactions import Act, reaction_to

pytestmark = pytest.mark.integration

BY_NAME = {case.endpoint: case for case in CASES}
EACH = pytest.mark.parametrize("case", CASES, ids=[case.endpoint for case in CASES])
# What WeCom answers for every call, whatever it is about.
COMMON = (-1, 6000, 40014, 42001, 40058, 45009, 45033, 48001, 48002, 60020)
ERRORS: dict[Act, tuple[type[Exception], ...]] = {
    Act.RETRY: (Retryable, UnknownOutcome),
    Act.RETRY_ONCE: (Retryable,),
    Act.NEW_TOKEN: (Retryable,),
    Act.SLOW_DOWN: (Retryable,),
    Act.NARROW: (Retryable,),
    Act.LATER: (Retryable,),
    Act.STOP_TENANT: (Permanent,),
    Act.STOP_API: (Permanent,),
    Act.GIVE_UP: (GivenUp,),
    Act.REUPLOAD: (MediaGone,),
    Act.SPLIT: (TooMuch,),
    Act.FAIL: (Permanent,),
    Act.RESTART: (Permanent,),
}


def _families() -> dict[str, type[Family]]:
    found = {}
    for name, member in inspect.getmembers(Calls, lambda one: hasattr(one, "func")):
        found[name] = inspect.signature(member.func, eval_str=True).return_annotation
    return found


def test_every_row_has_one_case_and_every_typed_method_is_run():
    assert sorted(case.endpoint for case in CASES) == sorted(ENDPOINTS)
    methods = {
        f"{family}.{name}"
        for family, kind in _families().items()
        for name, _ in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }
    assert {case.method for case in CASES} - {"call"} == methods


@EACH
def test_a_row_has_a_breach_for_each_rule_and_a_way_to_each_error_of_its_own(case: Case):
    row = ENDPOINTS[case.endpoint]
    assert {one.rule for one in case.breaks} == {rule.says for rule in row.rules}
    assert set(case.refusals) <= set(row.errors)


@EACH
def test_a_call_succeeds(case: Case, world: World):
    case.run(world)
    assert case.endpoint in world.client.called


@EACH
def test_a_limit_is_held_before_the_wire_and_by_wecom(case: Case, world: World):
    row = ENDPOINTS[case.endpoint]
    reached: set[str] = set()
    held: list[str] = []
    for values in (case.values, *case.more):
        given = values(world)
        reached |= {_plain(field) for field, _, _ in places(row.fields, given)}
        for one in mutations(row, given):
            held += _not_refused_before_the_wire(case, world, one)
            held += _not_refused_by_wecom(case, world, one)
    assert held == []
    assert set(sized(row.fields)) - reached == set()


def _plain(field: str) -> str:
    return re.sub(r"\[\d+\]", "", field)


def _not_refused_before_the_wire(case: Case, world: World, one: Mutation) -> list[str]:
    before = len(world.client.called)
    try:
        world.client.call(case.endpoint, **one.values)
    except InvalidRequest as error:
        named = re.split(r"\[\d+\] ", error.message)[0].split(" ")[0]
        names_it = f"{_plain(one.field)}.".startswith(
            f"{_plain(named)}."
        )  # an emptied object is missing itself
        if names_it and len(world.client.called) == before:
            return []
        return [f"{one.field} {one.limit}: our refusal says {error.message}"]
    return [f"{one.field} {one.limit}: not refused by us"]


def _not_refused_by_wecom(case: Case, world: World, one: Mutation) -> list[str]:
    file = ("a.png", b"1234567") if ENDPOINTS[case.endpoint].is_upload else None
    code, said = world.raw(case.endpoint, one.values, file=file)
    return [] if code else [f"{one.field} {one.limit}: taken by the simulator {said}"]


@EACH
def test_a_rule_is_held_before_the_wire_and_by_wecom(case: Case, world: World):
    for one in case.breaks:
        given = {**case.values(world), **_present(one, world)}
        spoilt = {name: value for name, value in given.items() if value is not None}
        with pytest.raises(InvalidRequest, match=re.escape(one.names)):
            world.client.call(case.endpoint, **spoilt)
        file = ("a.mp4", b"1234567") if ENDPOINTS[case.endpoint].is_upload else None
        code, _ = world.raw(case.endpoint, spoilt, file=file)
        assert bool(code) is not one.is_ours, f"{one.rule}: {code}"


def _present(one: Break, world: World) -> dict[str, Any]:
    return {
        name: world.now_s - value if isinstance(value, Ago) else value for name, value in one.change.items()
    }


@EACH
def test_an_unknown_field_never_goes_out(case: Case, world: World):
    with pytest.raises(InvalidRequest, match="unknown fields: nonsense"):
        world.client.call(case.endpoint, nonsense=1)
    assert world.client.called == []


UPLOADS = [case for case in CASES if ENDPOINTS[case.endpoint].is_upload]


@pytest.mark.parametrize("case", UPLOADS, ids=[case.endpoint for case in UPLOADS])
def test_a_file_of_a_wrong_size_or_kind_is_refused_before_the_wire_and_by_wecom(case: Case, world: World):
    row = ENDPOINTS[case.endpoint]
    for kind, limit in row.files.items():
        values = {**case.values(world), **({row.file_kind: kind} if row.file_kind else {})}
        name = f"a{limit.suffixes[0]}" if limit.suffixes else "a.any"
        bad = [("", b"123456"), (name, b"12345"), (name, b"0" * (limit.most_bytes + 1))]
        if limit.suffixes:
            bad.append(("a.exe", b"123456"))
        for file in bad:
            with pytest.raises(InvalidRequest):
                check_file(row, values, filename=file[0], content=file[1])
            code, _ = world.raw(case.endpoint, values, file=file)
            assert code, f"{kind} {file[0]} {len(file[1])}"
        check_file(row, values, filename=name, content=b"123456")


PROVOKED = [(case, code) for case in CASES for code in case.refusals]


@pytest.mark.parametrize(
    ("case", "code"), PROVOKED, ids=[f"{case.endpoint}-{code}" for case, code in PROVOKED]
)
def test_an_error_of_its_own_comes_from_wecoms_state(
    case: Case, code: int, world: World, monkeypatch: pytest.MonkeyPatch
):
    answered: list[int] = []
    code_of = answers.code_of

    def noting(body: dict[str, Any]) -> int:
        answered.append(code_of(body))
        return answered[-1]

    monkeypatch.setattr(answers, "code_of", noting)
    case.refusals[code](world)
    assert code in answered


# The two codes of gettoken are provoked above; the others need a token.
WITH_TOKEN = [case for case in CASES if case.endpoint != "gettoken"]


@pytest.mark.parametrize("case", WITH_TOKEN, ids=[case.endpoint for case in WITH_TOKEN])
def test_every_documented_error_becomes_its_reaction(
    case: Case, world: World, monkeypatch: pytest.MonkeyPatch
):
    """The simulator is told to answer each code to this call; what comes out is the kind the table names."""
    monkeypatch.setattr("wecom.gateway.client.SHORT_PAUSE_S", 0.001)
    row, values = ENDPOINTS[case.endpoint], _some_values(case, world)
    outcomes: dict[int, Any] = {}
    for code in (*COMMON, *row.errors):
        world.simulator.faults(world.corp_id, answer_code={"path": row.path, "code": code})
        outcomes[code] = _outcome(world, case, values)
        world.simulator.faults(world.corp_id, answer_code={})
        world.forget_limits()
    assert [said for code, outcome in outcomes.items() for said in _astray(row, code, outcome)] == []


def _some_values(case: Case, world: World) -> dict[str, Any]:
    """Values that pass our own check: the whole set, or what is left when only one part may go out."""
    given = case.values(world)
    row = ENDPOINTS[case.endpoint]
    try:
        check_request(row, given, now_s=world.now_s)
    except InvalidRequest:
        given = {name: value for name, value in given.items() if name in ("text", "template_id", "agentid")}
        check_request(row, given, now_s=world.now_s)
    return given


def _outcome(world: World, case: Case, values: dict[str, Any]) -> Any:
    row, client = ENDPOINTS[case.endpoint], world.client
    try:
        if row.is_upload:
            return client.upload_to(row.name, filename="a.png", content=b"123456", **values)
        return client.download(row.name, **values) if row.is_download else client.call(row.name, **values)
    except (Permanent, Retryable, UnknownOutcome) as error:
        return error


def _astray(row: Endpoint, code: int, outcome: Any) -> list[str]:
    """What came out although the table says otherwise, or nothing."""
    act = reaction_to(code).act
    if act is Act.EMPTY:
        is_right = isinstance(outcome, dict) and outcome.get("is_empty") is True
    else:
        is_right = isinstance(outcome, ERRORS[act]) and outcome.code == code
    if code == -1:
        is_right &= isinstance(outcome, Retryable) is row.is_repeatable
    if act is Act.STOP_TENANT:  # the app's own secret stops the app, another closes its own calls
        is_right &= isinstance(outcome, Stopped) is (row.token == "access")
    return [] if is_right else [f"{code} became {outcome!r}"]


def test_text_at_its_limit_is_taken_and_counted_in_bytes(world: World):
    text = LONG * 1333 + "a"  # 4,000 bytes
    assert world.client.mass_sends.add(sender=world.staff[0], text=text)["msgid"]
    with pytest.raises(InvalidRequest, match=r"text.content has 4001 bytes, 4000 are allowed"):
        world.client.mass_sends.add(sender=world.staff[0], text=text + "a")
