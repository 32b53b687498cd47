"""Templates, runs and touches."""

import itertools
from datetime import date, time, timedelta
from typing import Any

from sop.enums import VersionState
from sop.models import Run, RunGroup, Step, Template, Touch, Version
from tenants import clock
from tenants.models import Tenant

_numbers = itertools.count(1)


def make_version(
    *, tenant: Tenant, days: int = 7, steps: list[dict[str, Any]] | None = None, **fields: Any
) -> Version:
    """A published version with one template of its own; `steps` are given to make_step."""
    number = next(_numbers)
    template = fields.pop("template", None)
    template = template or Template.objects.create(tenant=tenant, code=f"t{number}", name=f"训练营{number}")
    version = Version.objects.create(
        tenant=tenant,
        template=template,
        days=days,
        **{
            "number": 1,
            "state": VersionState.PUBLISHED,
            "published_at": clock.now(),
            "phases": [{"key": "groundwork", "name": "铺垫期", "note": "", "first": 1, "last": days}],
            **fields,
        },
    )
    for one in steps or []:
        make_step(tenant=tenant, version=version, **one)
    return version


def make_step(*, tenant: Tenant, version: Version, **fields: Any) -> Step:
    number = next(_numbers)
    values = {
        "key": f"s{number}",
        "title": f"第{number}步",
        "day": 1,
        "at": time(10, 0),
        "channel": "group_forward",
        "content_type": "value",
        "text": "{群名}的同学，今晚见。",
    }
    if fields.get("anchor", "run_start") != "run_start":
        values |= {"day": None, "at": None}
    return Step.objects.create(tenant=tenant, version=version, **{**values, **fields})


def make_run(*, tenant: Tenant, version: Version, groups: list[Any], **fields: Any) -> Run:
    """A running run, without its touches."""
    number = next(_numbers)
    values = {
        "name": f"第{number}期",
        "starts_on": date(2026, 3, 2),
        "days": version.days,
        "after_days": version.after_days,
        "phases": version.phases,
        "created_at": clock.now(),
    }
    run = Run.objects.create(tenant=tenant, version=version, **{**values, **fields})
    for group in groups:
        RunGroup.objects.create(tenant=tenant, run=run, group=group, added_at=clock.now())
    return run


def make_touch(*, tenant: Tenant, run: Run, step: Step, group: Any, **fields: Any) -> Touch:
    now = clock.now()
    values = {
        "channel": step.channel,
        "planned_at": now,
        "due_at": now,
        "window_ends_at": now + timedelta(hours=15),
        "staff": group.owner if group else None,
    }
    return Touch.objects.create(tenant=tenant, run=run, step=step, group=group, **{**values, **fields})
