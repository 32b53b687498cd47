"""What every console page carries."""

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the tenant in hand."""
    return {"tenant": getattr(request, "tenant", None), "role": getattr(request, "role", None)}
