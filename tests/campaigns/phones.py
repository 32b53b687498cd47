"""A member's phone: WeChat's browser, and the cookie that WeCom's sign-in leaves."""

from datetime import timedelta

from django.core import signing
from django.test import Client

from content.views.visitors import IDENTITY_SALT
from tenants import clock
from wecom.models import App

WECHAT = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.40"


def identity_cookie(app: App, *, external: str = "", staff: str = "", salt: str = IDENTITY_SALT) -> str:
    """What we would have written for this visitor."""
    until = (clock.now() + timedelta(days=1)).isoformat()
    return signing.dumps({"external": external, "staff": staff, "until": until}, salt=f"{salt}.{app.pk}")


def phone_of(app: App | None, *, external: str = "", staff: str = "", agent: str = WECHAT) -> Client:
    """A browser in which this person is known; without `external` and `staff` somebody whom WeCom does not name."""
    client = Client(headers={"user-agent": agent, "accept-language": "zh-CN"})
    assert app is not None
    client.cookies[f"qr_{app.pk}"] = identity_cookie(app, external=external, staff=staff)
    return client
