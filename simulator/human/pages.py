"""Renders the phone pages' templates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup, escape

from simulator.human.shown import KINDS

TEMPLATES = Path(__file__).parent / "templates"


def local_time(at: float, timezone: str = "Asia/Shanghai") -> str:
    """11月21日 09:05 in the corp's zone."""
    moment = dt.datetime.fromtimestamp(at, ZoneInfo(timezone))
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"


def local_seconds(at: float, timezone: str = "Asia/Shanghai") -> str:
    """11-21 09:05:30 in the corp's zone."""
    return f"{dt.datetime.fromtimestamp(at, ZoneInfo(timezone)):%m-%d %H:%M:%S}"


def linked(text: str) -> Markup:
    """Text with its http addresses as links, everything else escaped."""
    words = []
    for line in str(text).split("\n"):
        parts = [
            Markup('<a href="{0}">{0}</a>').format(word)
            if word.startswith(("http://", "https://"))
            else escape(word)
            for word in line.split(" ")
        ]
        words.append(Markup(" ").join(parts))
    return Markup("<br>").join(words)


ENVIRONMENT = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape())
ENVIRONMENT.filters["local_time"] = local_time
ENVIRONMENT.filters["local_seconds"] = local_seconds
ENVIRONMENT.filters["linked"] = linked
ENVIRONMENT.filters["kind_name"] = lambda kind: KINDS.get(kind, kind)


def render(name: str, **context: Any) -> str:
    """One page as HTML."""
    return ENVIRONMENT.get_template(name).render(**context)
