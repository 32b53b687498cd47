"""The simulator's own endpoints, as a driver uses them."""

from datetime import UTC, datetime
from typing import Any

import httpx

TICK_TIMEOUT_S = 300


class Vendor:
    """A running simulator. Every call raises httpx.HTTPStatusError when it is refused."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=TICK_TIMEOUT_S, trust_env=False)

    def call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self.http.request(method, path, json=body or None)
        answer.raise_for_status()
        return answer.json()

    def corp_make(self, **plan: Any) -> dict[str, Any]:
        return self.call("POST", "/sim/corps", **plan)

    def corp_set(self, corp_id: str, **settings: Any) -> dict[str, Any]:
        return self.call("PATCH", f"/sim/corps/{corp_id}", **settings)

    def callback_verify(self, corp_id: str) -> dict[str, Any]:
        return self.call("POST", f"/sim/corps/{corp_id}/verify-callback")

    def tokens_revoke(self, corp_id: str) -> int:
        return int(self.call("POST", f"/sim/corps/{corp_id}/revoke-tokens")["revoked"])

    def faults_set(self, **faults: Any) -> None:
        self.call("POST", "/sim/faults", **faults)

    def camp_begin(self, **camp: Any) -> dict[str, Any]:
        return self.call("POST", "/sim/camp", **camp)

    def redeliver(self) -> int:
        return int(self.call("POST", "/sim/redeliver")["requeued"])

    def bulk_begin(self, **order: Any) -> dict[str, Any]:
        """Many changes at a rate, in the background."""
        return self.call("POST", "/sim/bulk/events", **order)

    def bulk_show(self, bulk_id: int) -> dict[str, Any]:
        return self.call("GET", f"/sim/bulk/{bulk_id}")

    def tick(self) -> datetime | None:
        """Live up to the present of the shared clock. Returns when the next act is due, or None."""
        next_at = self.call("POST", "/sim/tick").get("next_at")
        return datetime.fromtimestamp(next_at, UTC) if next_at else None

    def ledger(self, corp_id: str) -> dict[str, Any]:
        answer = self.http.get("/sim/ledger", params={"corp_id": corp_id})
        answer.raise_for_status()
        return answer.json()
