"""A small closed-loop load generator: so many connections, each sending its next request when answered."""

import http.client
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    path: str
    body: bytes


@dataclass(frozen=True)
class Load:
    """What came of it. Latencies in milliseconds."""

    requests: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds


def quantile(sorted_values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]


def run(host: str, port: int, requests: Sequence[Request], connections: int) -> Load:
    """Send every request once over `connections` kept-alive connections."""
    latencies: list[list[float]] = [[] for _ in range(connections)]
    failures = [0] * connections

    def work(index: int) -> None:
        link = http.client.HTTPConnection(host, port, timeout=30)
        for request in requests[index::connections]:
            began = time.perf_counter()
            link.request("POST", request.path, request.body, {"Content-Type": "text/xml"})
            answer = link.getresponse()
            answer.read()
            latencies[index].append((time.perf_counter() - began) * 1000)
            failures[index] += answer.status != 200
        link.close()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    times = sorted(one for own in latencies for one in own)
    return Load(len(times), sum(failures), seconds, quantile(times, 0.5), quantile(times, 0.99))
