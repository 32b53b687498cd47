"""Addresses of console pages: those that are put together are the router's own."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import NoReverseMatch, reverse
from hypothesis import given
from hypothesis import strategies as st

from console.shell import tenant_url

NAMES = ("groups:detail", "contacts:detail", "sop:calendar_ledger", "sop:calendar_move", "leads:detail")
SLUGS = st.sampled_from(["c-1", "987654321", "1", "c-987654321-0"])


def company(slug: str) -> Any:
    return SimpleNamespace(slug=slug)


@given(slug=SLUGS, name=st.sampled_from(NAMES), pk=st.integers(0, 2**63 - 1))
def test_the_address_of_a_row_is_the_routers(slug: str, name: str, pk: int) -> None:
    assert tenant_url(company(slug), name, pk=pk) == reverse(name, kwargs={"tenant_slug": slug, "pk": pk})


def test_what_the_router_knows_no_address_for_has_none() -> None:
    with pytest.raises(NoReverseMatch):
        tenant_url(company("c-1"), "groups:detail", pk=-1)
    with pytest.raises(NoReverseMatch):
        tenant_url(company("c-1"), "groups:nothing", pk=1)
