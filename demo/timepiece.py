"""Moving the clock that the product and the simulator share."""

import struct
import time
from datetime import UTC, datetime
from pathlib import Path


class Timepiece:
    """Writes the offset file that tenants.clock reads. Time never goes backwards."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def offset_s(self) -> float:
        raw = self.path.read_bytes() if self.path.exists() else b""
        return struct.unpack("<d", raw[:8])[0] if len(raw) >= 8 else 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.offset_s, UTC)

    def start_at(self, moment: datetime) -> None:
        """Begin a story: the only step that may go backwards."""
        self._write(moment.timestamp() - time.time())

    def move_to(self, moment: datetime) -> None:
        """Jump ahead to a moment; one that has passed changes nothing."""
        offset_s = moment.timestamp() - time.time()
        if offset_s > self.offset_s:
            self._write(offset_s)

    def return_to_present(self) -> None:
        """Real time again."""
        self._write(0.0)

    def _write(self, offset_s: float) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(struct.pack("<d", offset_s))
        fresh.replace(self.path)
