"""What the leak tests stand on: every tenant table holds a marked row."""

import pytest

from tests.isolation.planting import LEFT_OUT, plant, tenant_models

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_every_tenant_table_is_planted(tenant):
    ids = plant(tenant, "乙方机密")
    assert {label for label, found in ids.items() if not found} <= LEFT_OUT
    assert set(ids) == {model._meta.label for model in tenant_models()}
