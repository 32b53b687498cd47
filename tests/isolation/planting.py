"""Fill every tenant table of a tenant with one row that names its owner in every text it can hold.

Nothing here knows the apps: a new table is planted as soon as it exists, so that a page that leaks it is found.
A table whose rules the general filling cannot meet is told what to hold in OWN_VALUES.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.apps import apps
from django.db import models, transaction

from leads.policies.rules import BUILT_IN
from tenants.models import Tenant
from tenants.scoping import TenantModel, tenant_scope

AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
# Rows that the sign-up of a tenant writes already, or that only a trigger may write.
LEFT_OUT = {"tenants.AuditEntry", "tenants.AuditSeal"}
# What a table's own rules demand beyond "a text, a number, a moment".
OWN_VALUES: dict[str, dict[str, Any]] = {
    "analytics.Funnel": {"steps": ["join", "order"]},
    "analytics.FunnelPerson": {"moments": [AT], "segments": ["tier:"]},
    # An entry has two accounts: the other one beside the one that stands there already.
    "campaigns.Entry": {
        "target": lambda tenant: apps.get_model("campaigns.Account").objects.create(
            tenant=tenant, kind="free", unit="fen"
        )
    },
    "campaigns.CouponOffer": {"off_fen": 100, "valid_days": 3, "valid_from": None, "valid_until": None},
    "campaigns.JoinPlay": {"kind": "packet", "draws": 0, "task": ""},
    "campaigns.Joiner": {"staff": None},
    "campaigns.PriceStep": {"after": timedelta(hours=1)},
    "campaigns.Lottery": {"seed": "ab" * 32},
    "campaigns.Seller": {"active_from": AT},
    "campaigns.Sale": {"state": "rejected", "reason": "DIST-01", "award_id": None},
    "campaigns.Distribution": {
        "refund_days": 7,
        "touch_days": 7,
        "bonus_orders": 10,
        "min_order_fen": 0,
        "note": "ok",
    },
    "campaigns.MilestoneHit": {"taken": 0, "shares": 20},
    "campaigns.QuizEntry": {"outcome": "wrong", "award_id": None},
    "campaigns.Quiz": {"seed": "ab" * 32, "drawn_at": None, "needed": 1, "winners": 1},
    "campaigns.ShownOrder": {"award_id": None, "asset_id": None, "proof_id": None},
    "campaigns.Draw": {"outcome": "none", "prize": None, "award_id": None},
    "wecom.MediaAsset": {"body": b"%PNG"},
    "leads.Window": {"ends_at": AT + timedelta(days=33)},
    "leads.RuleVersion": {"rules": BUILT_IN},
    "leads.RuleDraft": {"rules": BUILT_IN},
    "leads.RuleReport": {"rules": BUILT_IN},
    "sop.Step": {"day": 1, "at": time(9, 0)},
    "sop.Run": {"starts_on": date(2026, 3, 2)},
    "sop.PushSlot": {"number": 1, "slot": "noon"},
    "sop.ValueEvent": {"starts_at": AT, "ends_at": AT + timedelta(hours=1)},
    "team.Approval": {"decided_at": None},
    "team.StaffProfile": {"backup": None},
    "team.WorkItem": {"state": "open"},
}
_WORDS = ("name", "title", "text", "detail", "reason", "remark", "script", "error", "body", "welcome", "announcement",
          "notice", "series", "nickname", "goal", "note", "summary", "question", "answer", "content",
          "rubric")  # fmt: skip


def tenant_models() -> list[type[TenantModel]]:
    """Every concrete tenant table, referenced ones before those that refer to them."""
    found = [one for one in apps.get_models() if issubclass(one, TenantModel) and not one._meta.abstract]
    done: list[type[TenantModel]] = []
    while found:
        ready = [one for one in found if all(target in done or target is one for target in _needs(one))]
        if not ready:
            raise AssertionError(f"tables refer to each other in a circle: {found}")
        done += ready
        found = [one for one in found if one not in ready]
    return done


def _needs(model: type[TenantModel]) -> set[type[TenantModel]]:
    keys = [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]
    return {
        field.related_model
        for field in keys
        if issubclass(field.related_model, TenantModel) and not field.null
    }


def plant(tenant: Tenant, mark: str) -> dict[str, list[int]]:
    """One row in each table of the tenant, marked. Returns {"app.Model": its ids}. A table that refuses fails."""
    ids: dict[str, list[int]] = {}
    with tenant_scope(tenant):
        rows: dict[type[models.Model], models.Model] = {}
        for model in tenant_models():
            label = model._meta.label
            known = model.objects.filter(tenant=tenant).order_by("pk").first()
            if label not in LEFT_OUT and known is None:
                with transaction.atomic():
                    known = _row(model, tenant, mark, rows)
                    known.save(force_insert=True)
            if known is not None:
                rows[model] = known
            ids[label] = list(model.objects.filter(tenant=tenant).values_list("pk", flat=True))
    return ids


def _row(model: type[models.Model], tenant: Tenant, mark: str, rows: dict) -> models.Model:
    own = OWN_VALUES.get(model._meta.label, {})
    values: dict[str, Any] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        if field.name in own:
            value = own[field.name]
            values[field.name] = value(tenant) if callable(value) else value
        elif field.name == "tenant":
            values["tenant"] = tenant
        elif isinstance(field, models.ForeignKey):
            found = rows.get(field.related_model)
            if found is None and not field.null:
                found = field.related_model.objects.order_by("pk").first()
            values[field.name] = found
        else:
            value = _value(field, mark)
            if value is not None:
                values[field.name] = value
    return model(**values)


def _value(field: models.Field, mark: str) -> Any:
    """A marked text where people write; the default where there is one; else something of the right kind."""
    if isinstance(field, models.CharField | models.TextField) and not field.choices:
        if any(word in field.name for word in _WORDS) or (not field.has_default() and not field.blank):
            return mark[: field.max_length or 200]
        return None
    if field.has_default() or field.null or field.blank:
        return None
    if field.choices:
        return field.choices[0][0]
    for kind, value in (
        (models.BooleanField, False), (models.DateTimeField, AT), (models.DateField, date(2026, 3, 2)),
        (models.TimeField, time(9, 0)), (models.JSONField, {}), (models.FloatField, 1.0), (models.IntegerField, 1),
        (models.DecimalField, 1),
    ):  # fmt: skip
        if isinstance(field, kind):
            return value
    raise AssertionError(f"no value for {field}")
