"""A token that WeCom refuses for ever: however many ask, one fetch for each corp and back-off window."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.simulated import Simulator
from wecom.enums import AppState
from wecom.errors import Retryable
from wecom.gateway.client import WecomClient
from wecom.gateway.tokens import WINDOWS_S
from wecom.models import App

pytestmark = pytest.mark.integration
THREADS, REQUESTS = 20, 1_000


@pytest.fixture
def connect(simulator: Simulator, frozen) -> Callable[[int], WecomClient]:
    """A client of a new corp. Its app is never stored: nothing here reaches the database."""
    simulator.set_time(frozen.moment)

    def make(number: int) -> WecomClient:
        corp = simulator.corp(groups=0, customers=0, staff=2)
        limits = {"calls_a_minute": 1_000_000, "calls_an_hour": 1_000_000}
        simulator.ask("PATCH", f"/sim/corps/{corp['corp_id']}", limits=limits)
        return WecomClient(
            App(
                pk=800_000 + number,
                tenant_id=800_000 + number,
                corp_id=corp["corp_id"],
                agent_id=corp["agentid"],
                secret=corp["secret"],
                state=AppState.CONNECTED,
            )
        )

    return make


def _ask(clients: list[WecomClient]) -> Counter[str]:
    """A thousand requests at once, taking turns between the clients: what became of them."""

    def one(number: int) -> str:
        try:
            WecomClient(clients[number % len(clients)].app).call("department_list")
        except Retryable as error:
            return f"{error.code} {error.counts}"
        return "ok"

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(one, range(REQUESTS)))


def _fetched(simulator: Simulator) -> int:
    return sum(count for name, count in simulator.calls().items() if name.startswith("gettoken "))


@pytest.mark.parametrize("had_worked", [True, False])
def test_a_thousand_requests_with_a_refused_token_cause_one_fetch_for_each_corp_and_window(
    had_worked, connect, simulator, frozen
):
    clients = [connect(1), connect(2)]
    if had_worked:
        assert all(client.call("department_list") for client in clients)
    for client in clients:
        simulator.faults(client.app.corp_id, revoke_token_p=1.0)
    for window_s in WINDOWS_S:
        before = _fetched(simulator)
        outcomes = _ask(clients)
        assert _fetched(simulator) - before <= len(clients)
        assert set(outcomes) == {"40014 False"}, outcomes
        frozen.move(seconds=window_s + 1)
        simulator.set_time(frozen.moment)


def test_after_the_window_a_repaired_corp_goes_on(connect, simulator, frozen):
    client = connect(3)
    simulator.faults(client.app.corp_id, revoke_token_p=1.0)
    with pytest.raises(Retryable) as caught:
        client.call("department_list")
    simulator.faults(client.app.corp_id, revoke_token_p=0.0)
    with pytest.raises(Retryable, match="refuses new tokens"):
        client.call("department_list")
    frozen.set(caught.value.retry_at)
    simulator.set_time(frozen.moment)
    assert client.call("department_list")["department"]


def test_a_check_by_a_person_ends_the_window(connect, simulator):
    client = connect(4)
    simulator.faults(client.app.corp_id, revoke_token_p=1.0)
    with pytest.raises(Retryable):
        client.call("department_list")
    simulator.faults(client.app.corp_id, revoke_token_p=0.0)
    assert WecomClient.for_probe(client.app).call("department_list")["department"]


def test_a_token_revoked_while_it_works_is_replaced_at_once(connect, simulator):
    client = connect(5)
    client.call("department_list")
    simulator.ask("POST", f"/sim/corps/{client.app.corp_id}/revoke-tokens")
    before = _fetched(simulator)
    assert client.call("department_list")["department"]
    assert _fetched(simulator) - before == 1


def test_a_wrong_archive_secret_closes_its_own_calls_and_asks_once(connect, simulator, monkeypatch):
    noted = []
    monkeypatch.setattr(
        "wecom.gateway.standing.note_missing_permission", lambda **values: noted.append(values["code"])
    )
    client = WecomClient(connect(6).app, archive=("wrong", 1))
    before = _fetched(simulator)
    for _ in range(5):
        with pytest.raises(Exception, match="40001"):
            client.archive.permitted()
    assert _fetched(simulator) - before == 1
    assert client.call("department_list")["department"]
