"""What missed its window and whose step asks: one task for a team lead a run, however many touches wait."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import Count, Min
from django.urls import reverse

from sop.enums import Rule, TouchState
from sop.models import Run, Touch
from team.services import work_items_close, work_items_put
from tenants.words import say, say_count

if TYPE_CHECKING:
    from tenants.models import Tenant

SOURCE = "sop.parked"  # of one run


def parked_put(*, tenant: "Tenant", run_ids: Iterable[int]) -> None:
    """Put the task of each of these runs, or close it when nothing waits. In the caller's transaction. Repeatable."""
    wanted = set(run_ids)
    rows = (
        Touch.objects.filter(tenant=tenant, run__in=wanted, state=TouchState.PARKED, rule_code=Rule.ASK)
        .values("run")
        .annotate(count=Count("pk"), first_at=Min("planned_at"), groups=Count("group", distinct=True))
    )
    waiting = {row["run"]: row for row in rows}
    names = dict(Run.objects.filter(tenant=tenant, pk__in=waiting).values_list("pk", "name"))
    items = {
        run_id: {
            "staff_id": None,
            "group_id": None,
            "kind": "alert",
            "bucket": "must",
            "title": say_count(
                "Decide: %(n)s message missed its window", "Decide: %(n)s messages missed their window", row["count"]
            )
            % {"n": row["count"]},
            "detail": say_count("%(run)s, %(n)s group", "%(run)s, %(n)s groups", row["groups"])
            % {"run": names[run_id], "n": row["groups"]},
            "reason": Rule.ASK.label,
            "rule_code": str(Rule.ASK),
            "due_at": row["first_at"],
            "url": reverse("sop:run_flow", kwargs={"tenant_slug": tenant.slug, "pk": run_id}) + "#decide",
            "verb_label": say("Decide"),
        }
        for run_id, row in waiting.items()
    }  # fmt: skip
    if items:
        work_items_put(tenant_id=tenant.pk, source_kind=SOURCE, items=items)
    done = sorted(wanted - set(waiting))
    work_items_close(tenant_id=tenant.pk, source_kind=SOURCE, source_ids=done, state="done")
