"""Every page of the console answers, in both languages."""

import pytest
from django.test import Client
from django.urls import reverse

from tenants.models import Tenant, User

pytestmark = pytest.mark.integration

PAGES = ["settings", "members", "member_invite", "preferences", "api_keys", "audit", "profile", "search"]


@pytest.fixture
def signed_in(tenant: Tenant) -> Client:
    client = Client()
    client.force_login(User.objects.get(email="lin@example.com"))
    return client


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_page_of_the_console_answers_in_the_language(
    signed_in: Client, tenant: Tenant, name: str, language: str
) -> None:
    User.objects.update(language=language)

    answer = signed_in.get(reverse(f"console:{name}", kwargs={"tenant_slug": tenant.slug}))

    assert answer.status_code == 200
    assert f'lang="{"zh-Hans" if language == "zh-hans" else "en"}"' in answer.text
    assert "{%" not in answer.text
    assert "style=" not in answer.text
