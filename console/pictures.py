"""Pictures that people handed in, shown back."""

from django.http import HttpResponse


def picture_response(content: bytes, kind: str) -> HttpResponse:
    """The picture itself, for nobody's cache. `kind`: its content type."""
    headers = {"Content-Disposition": "inline", "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type=kind, headers=headers)
