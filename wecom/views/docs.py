"""`/api/docs`: the event API's page, made from its own schema; no foreign assets."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from drf_spectacular.generators import SchemaGenerator


def _fields(schema: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of one object's table: name, type, whether needed, meaning."""
    needed = set(schema.get("required", []))
    rows = []
    for name, one in schema.get("properties", {}).items():
        shown = _resolved(one, components)
        choices = shown.get("enum", [])
        own_help, general = one.get("description", ""), "" if choices else shown.get("description", "")
        rows.append(
            {
                "name": name,
                "type": _reference(one) if shown.get("properties") else _type(shown),
                "is_needed": name in needed,
                "help": own_help or general,
                "choices": choices,
            }
        )
    return rows


def _reference(schema: dict[str, Any]) -> str:
    """The name of the schema this one refers to, by itself or as the only part of an allOf, or ""."""
    parts = schema.get("allOf", [])
    reference = schema.get("$ref") or (parts[0].get("$ref") if len(parts) == 1 else "")
    return str(reference).rsplit("/", 1)[-1] if reference else ""


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """The schema behind a reference."""
    name = _reference(schema)
    return components[name] if name else schema


def _type(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"[{_reference(schema['items']) or schema['items'].get('type', '')}]"
    kind = str(schema.get("type", ""))
    return f"{kind} {schema['format']}" if schema.get("format") else kind


def _example(request: HttpRequest, path: str, operation: dict[str, Any]) -> str:
    """A request to copy into a shell: the operation's own example."""
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    body = json.dumps(next(iter(examples.values()))["value"], ensure_ascii=False, indent=2)
    url = request.build_absolute_uri(path)
    return (
        f"curl {url} \\\n  -H 'Authorization: Bearer qk_…' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )


@cache_control(max_age=300)
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its fields, answers and an example to copy."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    components = schema["components"]["schemas"]
    operations = [
        {
            "path": path,
            "method": method.upper(),
            "example": _example(request, path, operation),
            **operation,
        }
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ]
    shapes = [{"name": name, "fields": _fields(one, components)} for name, one in components.items()]
    context = {
        "operations": operations,
        "shapes": [shape for shape in shapes if shape["fields"]],
    }
    return render(request, "wecom/api_docs.html", context)
