"""The SKU API over HTTP: what a shop sees, and what is in the catalogue then."""

import json
from typing import Any

import pytest

from contacts.models import Sku
from tenants import services as tenant_services
from tenants.scoping import tenant_scope
from wecom.enums import EVENT_API_PER_MINUTE

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
CAMP = {"code": "CAMP", "name": "七天营", "price_fen": 9900, "kind": "first"}


@pytest.fixture
def post(client: Any, tenant: Any, owner: Any) -> Any:
    with tenant_scope(tenant):
        _key, token = tenant_services.api_key_create(tenant=tenant, name="shop", actor=owner)

    def send(told: Any) -> Any:
        raw = told if isinstance(told, bytes) else json.dumps(told).encode()
        return client.post(
            "/api/v1/skus", raw, content_type="application/json", headers={"Authorization": f"Bearer {token}"}
        )

    return send


def states(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["state"] for one in answer.json()["results"]]


def test_each_sku_is_answered_and_a_repeat_changes_nothing(tenant: Any, post: Any) -> None:
    batch = {"skus": [CAMP, {"code": "", "name": "x"}, {"code": "YEAR", "name": "年课", "kind": "upsell"}, 7]}
    answer = post(batch)
    assert states(answer) == ["created", "invalid", "created", "invalid"]
    assert answer.json()["results"][1]["reason"].startswith("code: ")
    assert states(post(batch)) == ["unchanged", "invalid", "unchanged", "invalid"]
    assert states(post({"skus": [{"code": "CAMP", "name": "七天营", "archived": True}, CAMP]})) == [
        "changed", "unchanged",
    ]  # fmt: skip
    with tenant_scope(tenant):
        rows = list(Sku.objects.order_by("code").values_list("code", "price_fen", "kind", "changed_by"))
        assert Sku.objects.get(code="CAMP").archived_at is not None
    assert rows == [("CAMP", 9900, "first", "API shop"), ("YEAR", None, "upsell", "API shop")]


@pytest.mark.parametrize(
    "told", [b"", b"\xff", b"[]", {}, {"skus": []}, {"skus": 1}, {"skus": [CAMP] * 501}, b"[" * 100_000]
)
def test_what_is_no_batch_is_refused_and_writes_nothing(tenant: Any, post: Any, told: Any) -> None:
    answer = post(told)
    assert (answer.status_code, answer.json()["code"]) == (400, "NO_SKUS")
    with tenant_scope(tenant):
        assert not Sku.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x" * 201}, {"price_fen": -1}, {"price_fen": "much"}, {"kind": "trial"}, {"code": "a\u0000"},
        {"code": ["a"]}, {"archived": "maybe"}, {"name": None},
    ],
)  # fmt: skip
def test_a_fault_names_its_field(post: Any, wrong: dict[str, Any]) -> None:
    result = post({"skus": [{**CAMP, **wrong}]}).json()["results"][0]
    assert result["state"] == "invalid"
    assert result["reason"].startswith(f"{next(iter(wrong))}: ")


def test_without_a_key_and_above_the_limit_nothing_is_taken(
    tenant: Any, client: Any, post: Any, owner: Any
) -> None:
    assert client.post("/api/v1/skus", b"{}", content_type="application/json").status_code == 401
    with tenant_scope(tenant):
        tenant_services.preference_set(tenant=tenant, setting=EVENT_API_PER_MINUTE, raw=1, actor=owner)
    answers = [post({"skus": [CAMP]}).status_code for _again in range(3)]
    assert 429 in answers


def test_one_company_does_not_see_or_change_the_skus_of_another(
    tenant: Any, other_tenant: Any, post: Any
) -> None:
    with tenant_scope(other_tenant):
        Sku.objects.create(tenant=other_tenant, code="CAMP", name="别家的")
    assert states(post({"skus": [CAMP]})) == ["created"]
    with tenant_scope(other_tenant):
        assert Sku.objects.get().name == "别家的"
