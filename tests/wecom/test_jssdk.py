"""Signatures for pages inside WeCom: the documented vector, whose pages are signed, how often tickets are fetched."""

import threading

import pytest
from django.db import connections

from tenants.scoping import tenant_scope
from wecom.errors import WecomError
from wecom.gateway import jssdk, limits

OURS = {"origins": ["https://scrm.example"], "under": "/m/acme/"}


@pytest.mark.unit
def test_page_signature_of_the_documentation():
    signed = jssdk.page_signature(
        ticket="sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
        nonce="Wm3WZYTPz0wzccnW",
        timestamp=1414587457,
        url="http://mp.weixin.qq.com?params=value#top",
    )
    assert signed == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


@pytest.mark.unit
@pytest.mark.parametrize(
    ("url", "is_ours"),
    [
        ("https://scrm.example/m/acme/", True),
        ("HTTPS://SCRM.example/m/acme/send/7/?a=1#top", True),
        ("https://scrm.example/m/other/", False),
        ("https://scrm.example/m/acme/../other/", False),
        ("https://scrm.example/t/acme/", False),
        ("http://scrm.example/m/acme/", False),
        ("https://scrm.example:8443/m/acme/", False),
        ("https://scrm.example@evil.example/m/acme/", False),
        ("https://evil.example/m/acme/", False),
        ("https://scrm.example\\@evil.example/m/acme/", False),
        ("//scrm.example/m/acme/", False),
        ("https://[/m/acme/", False),
        ("", False),
    ],
)
def test_only_our_own_pages_are_signed(url, is_ours):
    assert jssdk.is_own_page(url, **OURS) is is_ours


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_many_pages_at_once_fetch_one_ticket_of_each_kind(tenant, live, simulator):
    before, found, errors = simulator.calls(), [], []
    barrier = threading.Barrier(6)

    def sign() -> None:
        barrier.wait()
        try:
            with tenant_scope(tenant):
                found.append(jssdk.js_signature(app=live, url="http://127.0.0.1/m/x/"))
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=sign) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = simulator.calls()
    fetched = {
        path: after.get(f"{path} 0", 0) - before.get(f"{path} 0", 0)
        for path in ("get_jsapi_ticket", "ticket/get")
    }
    assert (errors, fetched) == ([], {"get_jsapi_ticket": 1, "ticket/get": 1})
    assert len({one["nonce"] for one in found}) == 6
    assert all(one["signature"] != one["agent_signature"] for one in found)


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
def test_tickets_are_asked_for_no_more_often_than_wecom_allows(tenant, live, simulator, frozen, monkeypatch):
    """WeCom answers nothing useful, so nothing is kept: every page would ask again."""
    assert limits.OWN_RATES["get_jsapi_ticket"] == (limits.Rate(3600, 200),)  # half of WeCom's
    assert limits.OWN_RATES["ticket/get"] == (limits.Rate(3600, 50),)
    monkeypatch.setitem(limits.OWN_RATES, "ticket/get", (limits.Rate(3600, 3),))
    simulator.set_time(frozen.moment)
    simulator.faults(live.corp_id, answer_code={"path": "ticket/get", "code": 40058})

    def pages(count):
        before = simulator.calls().get("ticket/get 40058", 0)
        for _page in range(count):
            with tenant_scope(tenant), pytest.raises(WecomError):
                jssdk.page_ticket(app=live, kind="agent_config")
        return simulator.calls().get("ticket/get 40058", 0) - before

    assert pages(6) == 3
    frozen.move(hours=1, minutes=6)
    simulator.set_time(frozen.moment)
    assert pages(1) == 1
