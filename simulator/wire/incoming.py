"""What came over the wire, read as the JSON object it must be."""

from __future__ import annotations

import json
import math
from typing import Any


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number of JSON")
    return number


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def json_object(raw: bytes) -> dict[str, Any]:
    """The body as an object; an empty one means {}.

    Raises ValueError for what is no JSON in UTF-8, for NaN and infinities, for half a surrogate pair (neither could be
    sent on), and for anything but an object.
    """
    text = raw.decode()
    if not text.strip():
        return {}
    body = _DECODER.decode(text)
    if "\\ud" in text.lower():
        json.dumps(body, ensure_ascii=False).encode()
    if not isinstance(body, dict):
        raise ValueError("the body must be an object")
    return body
