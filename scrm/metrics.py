"""What Prometheus reads: django-prometheus's own figures, and the product's, read at the moment of the scrape.

The product's counters live in Valkey and its states in the database, so every web process answers the same whatever
worked where. No tenant, customer or group is a label: a tenant's figures stand on its operations page.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, values
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from outbox.selectors import backlog
from scrm.sources import due_late
from tenants import clock
from tenants.scoping import unscoped
from wecom.gateway import health
from wecom.operations import platform, pulse, tally
from wecom.operations.facts import queue_names

log = structlog.get_logger(__name__)

CONTENT_TYPE = CONTENT_TYPE_LATEST


def exposition() -> bytes:
    """The whole text. A part that cannot be read is left out and told by qunce_scrape_ok."""
    web = CollectorRegistry()
    if values.ValueClass._multiprocess:
        MultiProcessCollector(web)
    else:
        web = REGISTRY
    own = CollectorRegistry()
    own.register(Product())
    return generate_latest(web) + generate_latest(own)


class Product(Collector):
    """The product's figures."""

    def collect(self) -> Iterator[Metric]:
        ok = GaugeMetricFamily("qunce_scrape_ok", "1 when this source could be read", labels=["source"])
        sources: dict[str, Callable[[], Iterable[Metric]]] = {"valkey": _of_valkey, "database": _of_database}
        for name, read in sources.items():
            try:
                found = list(read())
            except (RedisError, DatabaseError, InterfaceError, OSError) as error:
                log.warning("metrics_source_failed", source=name, error=str(error))
                ok.add_metric([name], 0)
                continue
            ok.add_metric([name], 1)
            yield from found
        yield ok

    def describe(self) -> list[Metric]:
        return []


def _counter(name: str, help_text: str, labels: list[str], values: dict[tuple[str, ...], float]) -> Metric:
    made = CounterMetricFamily(name, help_text, labels=labels)
    for at, value in sorted(values.items()):
        made.add_metric(list(at), value)
    return made


def _gauge(name: str, help_text: str, labels: list[str], values: dict[tuple[str, ...], float]) -> Metric:
    made = GaugeMetricFamily(name, help_text, labels=labels)
    for at, value in sorted(values.items()):
        made.add_metric(list(at), value)
    return made


def _one(name: str, help_text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, help_text, value=value)


def _histogram(name: str, help_text: str, bounds_s: Iterable[float], counted: dict[str, int]) -> Metric:
    """From steps as `tally` and `health` keep them: {"0": n, ..., "ms": total}."""
    buckets, seen = [], 0
    for step, bound in enumerate((*bounds_s, None)):
        seen += counted.get(str(step), 0)
        buckets.append(("+Inf" if bound is None else f"{bound:g}", seen))
    made = HistogramMetricFamily(name, help_text)
    made.add_metric([], buckets, sum_value=counted.get("ms", 0) / 1000)
    return made


def _of_valkey() -> Iterator[Metric]:
    sums = tally.sums("counts", "calls", "call_steps", *tally.BOUNDS_S)
    counts = sums["counts"]
    yield _counter(
        "qunce_callbacks", "Requests to callback addresses by what became of them", ["outcome"],
        _split(counts, "callback.", ("stored", "duplicate", "refused")),
    )  # fmt: skip
    yield _histogram(
        "qunce_callback_effect_seconds", "From a callback's arrival to its effect",
        tally.BOUNDS_S["effect"], sums["effect"],
    )  # fmt: skip
    yield _counter(
        "qunce_sends", "Sends that ended, by kind and state", ["kind", "state"],
        {tuple(name.split(".")[1:3]): n for name, n in counts.items() if name.startswith("send.")},
    )  # fmt: skip
    yield _counter(
        "qunce_limiter_holds",
        "Calls our own limits held back, by reason",
        ["reason"],
        _split(counts, "limiter."),
    )
    yield _histogram(
        "qunce_welcome_seconds",
        "From a new customer to the welcome",
        tally.BOUNDS_S["welcome"],
        sums["welcome"],
    )
    yield _counter(
        "qunce_wecom_calls", "Calls to WeCom by interface and code; -9999: no answer", ["api", "code"],
        {_path_and_code(name): n for name, n in sums["calls"].items()},
    )  # fmt: skip
    yield _histogram(
        "qunce_wecom_call_seconds", "How long WeCom took to answer",
        [bound / 1000 for bound in health.BOUNDS_MS], sums["call_steps"],
    )  # fmt: skip
    yield from _of_engine(pulse.read(queue_names()))


def _split(counts: dict[str, int], prefix: str, always: tuple[str, ...] = ()) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {(name,): 0 for name in always}
    found.update({(name.removeprefix(prefix),): n for name, n in counts.items() if name.startswith(prefix)})
    return found


def _path_and_code(name: str) -> tuple[str, ...]:
    path, _bar, code = name.rpartition("|")
    return path, code


def _of_engine(engine: pulse.Engine) -> Iterator[Metric]:
    queues = engine.queues
    yield _gauge(
        "qunce_queue_depth", "Tasks that wait", ["queue"], {(one.name,): one.depth for one in queues}
    )
    yield _gauge(
        "qunce_queue_oldest_seconds", "How long the oldest waiting task has waited", ["queue"],
        {(one.name,): one.oldest_s or 0 for one in queues},
    )  # fmt: skip
    yield _gauge(
        "qunce_queue_workers",
        "Workers that serve a queue",
        ["queue"],
        {(one.name,): one.workers for one in queues},
    )
    yield _one("qunce_tasks_in_hand", "Tasks taken and not finished", engine.in_hand)
    beat_s = float("inf") if engine.beat_age_s is None else engine.beat_age_s
    yield _one("qunce_beat_age_seconds", "Since beat last ticked", beat_s)


def _of_database() -> Iterator[Metric]:
    now = clock.now()
    with unscoped("Prometheus reads the sums of all tenants"):
        figures = platform.sums(now)
        late, waiting = due_late(None, now), backlog()
    yield _gauge("qunce_inbox_events", "Events in the inbox by state", ["state"], _keyed(figures.inbox))
    yield _one("qunce_inbox_oldest_seconds", "Age of the oldest event that waits", figures.inbox_oldest_s)
    yield _gauge(
        "qunce_sends_open",
        "Sends that have not ended, by kind and state",
        ["kind", "state"],
        {(kind, state): n for (kind, state), n in figures.sends.items()},
    )
    yield _gauge("qunce_apps", "WeCom apps by state", ["state"], _keyed(figures.apps))
    yield _one("qunce_breakers_open", "Corps whose line to WeCom is closed for now", figures.breakers_open)
    yield _one("qunce_outbox_pending", "Reactions that wait", waiting.pending)
    yield _one("qunce_outbox_dead", "Reactions that failed for good", waiting.dead)
    yield _one(
        "qunce_outbox_lag_seconds", "How late the oldest due reaction is", _late_s(waiting.oldest_due_at, now)
    )
    yield _one("qunce_touches_late", "Planned touches due and not handed over", late.count)
    yield _one("qunce_touches_late_seconds", "How late the oldest of them is", _late_s(late.oldest_at, now))


def _keyed(values: dict[str, int]) -> dict[tuple[str, ...], float]:
    return {(name,): n for name, n in values.items()}


def _late_s(oldest_at: Any, now: Any) -> float:
    return max(0.0, (now - oldest_at).total_seconds()) if oldest_at else 0.0
