"""Staff pages inside WeCom: identity by OAuth, one session entry a tenant."""

from team.phone.base import PhoneView, register_customer_panel

__all__ = ["PhoneView", "register_customer_panel"]
