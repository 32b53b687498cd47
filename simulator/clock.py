"""The one clock. An 8-byte little-endian float64 in a file is added to real time; the product reads
the same file, so both move together."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Clock:
    """Reads the offset at every call; a missing or short file means zero."""

    path: Path | None = None

    def offset_s(self) -> float:
        if self.path is None:
            return 0.0
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return 0.0
        return float(struct.unpack("<d", raw[:8])[0]) if len(raw) >= 8 else 0.0

    def now(self) -> float:
        """Unix seconds on the shared clock."""
        return time.time() + self.offset_s()
