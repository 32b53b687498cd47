"""One decision about many: what giving a tag to 1,000 customers, and each verb over 100 groups, takes to answer.

Posted as the console posts it, in the company of `pages`; everything is taken back, so that each is the first. What
goes on in a task afterwards is not in it: that a person need not wait for it is the point.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import time as dt_time
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from benchmarks import pages
from console.shell import tenant_url
from contacts.models import Customer, Tag
from groups.models import Group, GroupTag
from sop.enums import Anchor, Audience, Channel
from sop.models import RunGroup, Step, Template, Version
from sop.services.runs import RunWish, run_start
from tenants import clock
from tenants.audit import SYSTEM
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope

PEOPLE, GROUPS, FEW = 1_000, 100, 10
MOST_S = 3
DAYS = 14


def measure(tenant: Tenant, *, keep: bool = False, share: int = 1) -> dict[str, Any]:
    """{verb: seconds and statements of its answer for few and for many}. `product`: the slowest one's seconds."""
    with tenant_scope(tenant):
        is_there = Group.objects.filter(app__corp_id=pages.CORP_ID).exists()
    if not (keep or is_there):
        pages.fill(tenant, share=share)
    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(email=pages.EMAIL))
    verbs: dict[str, dict[str, dict[str, float]]] = {}
    with override_settings(DEBUG=False, ALLOWED_HOSTS=["testserver"]):
        floor = _undone(lambda: client.get(tenant_url(tenant, "groups:list")))
        for name, (url, few, many) in _verbs(tenant).items():
            verbs[name] = {"few": _posted(client, url, few), "many": _posted(client, url, many)}
        verbs["groups: a plan"] = _plan(tenant)
    for name, one in verbs.items():
        print(f"  {name:<28} {one}", flush=True)
    slowest = max(one["many"]["s"] for one in verbs.values())
    return {
        "name": f"one tag for {PEOPLE:,} customers, each verb over {GROUPS} groups",
        "unit": "s until the answer of the slowest",
        "product": slowest,
        "floor": floor["s"],
        "ratio": round(slowest / floor["s"], 1),
        "budget": f"<= {MOST_S} s, as many statements as for {FEW}",
        "verbs": verbs,
        "met": slowest <= MOST_S and all(_is_even(one) for one in verbs.values()),
    }


def _is_even(one: dict[str, dict[str, float]]) -> bool:
    return one["few"]["queries"] == one["many"]["queries"]


def _undone(act: Callable[[], Any]) -> dict[str, float]:
    """Seconds and statements of an act, which is then undone."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as caught:
            began = time.perf_counter()
            act()
            took = time.perf_counter() - began
        transaction.set_rollback(True)
    return {"s": round(took, 2), "queries": len(caught)}


def _posted(client: Client, url: str, told: dict[str, Any]) -> dict[str, float]:
    """A form of the console, sent."""

    def send() -> None:
        answer = client.post(url, told)
        if answer.status_code != 302:
            raise RuntimeError(f"{url} answered {answer.status_code}")

    return _undone(send)


def _plan(tenant: Tenant) -> dict[str, dict[str, float]]:
    """A camp of 14 days with two messages a day, started for groups that are in none now."""
    now = clock.now()
    with tenant_scope(tenant):
        template = Template.objects.create(
            tenant=tenant, code=f"bulk{now:%H%M%S%f}", name="基准", kind="camp"
        )
        version = Version.objects.create(
            tenant=tenant, template=template, number=1, days=DAYS, state="published", published_at=now
        )
        Step.objects.bulk_create(
            Step(
                tenant=tenant, version=version, key=f"d{day}-{hour}", phase="groundwork", title="问候", text="早",
                content_type="value", anchor=Anchor.RUN_START, day=day, at=dt_time(hour), channel=Channel.GROUP_FORWARD,
                audience=Audience.MEMBERS,
            )
            for day in range(1, DAYS + 1)
            for hour in (9, 20)
        )  # fmt: skip
        ids = _groups()
        wish = RunWish(
            version_id=version.pk, name="基准", group_ids=ids,
            starts_on=clock.local_date(now, tenant.timezone) + timedelta(days=1),
        )  # fmt: skip

        def start(count: int) -> dict[str, float]:
            some = replace(wish, group_ids=ids[:count])
            return _undone(lambda: run_start(tenant=tenant, wish=some, actor=SYSTEM))

        return {"few": start(FEW), "many": start(GROUPS)}


def _groups() -> list[int]:
    """Groups that take part in no camp now."""
    busy = RunGroup.objects.filter(run__state="running").values("group_id")
    return list(Group.objects.exclude(pk__in=busy).order_by("pk").values_list("pk", flat=True)[:GROUPS])


def _verbs(tenant: Tenant) -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """{verb: (address, what is posted about few, and about many)}."""
    with tenant_scope(tenant):
        people = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[:PEOPLE])
        groups = _groups()
        tag, group_tag = Tag.objects.earliest("pk"), GroupTag.objects.earliest("pk")
        staff_id = Group.objects.filter(pk__in=groups).values_list("owner_id", flat=True)[0]
    found = {}

    def add(name: str, url: str, ids: list[int], **told: Any) -> None:
        few, many = ({"picked": ",".join(map(str, some)), "decided": "1", "reason": "基准", **told}
                     for some in (ids[:FEW], ids))  # fmt: skip
        found[name] = (url, few, many)

    for verb in ("tag", "untag"):
        add(f"customers: {verb}", tenant_url(tenant, "contacts:bulk_tag", verb=verb), people, tag=tag.pk)
        add(f"groups: {verb}", tenant_url(tenant, "groups:bulk_tag", verb=verb), groups, tag=group_tag.pk)
    add("groups: kind", tenant_url(tenant, "groups:bulk", verb="kind"), groups, kind="flash")
    add("groups: owner", tenant_url(tenant, "groups:bulk", verb="owner"), groups, staff=staff_id)
    add("groups: freeze", tenant_url(tenant, "groups:bulk", verb="freeze"), groups)
    return found
