"""Which adapter this installation uses. One that loads the native library in our own process goes in here too."""

from django.conf import settings

from wecom.archive.gateway import GatewayArchive
from wecom.archive.port import ArchivePort

VENDOR_HOST = "https://qyapi.weixin.qq.com"


def gateway_address() -> str:
    """The gateway's base address; "" when this installation has none.

    A simulated WeCom brings its own gateway, so an installation that talks to one need not name it.
    """
    if settings.WECOM_ARCHIVE_GATEWAY:
        return settings.WECOM_ARCHIVE_GATEWAY
    return "" if settings.WECOM_API_BASE == VENDOR_HOST else settings.WECOM_API_BASE


def archive_port() -> ArchivePort | None:
    """The adapter, or None: this installation cannot read archives, only import files."""
    address = gateway_address()
    return GatewayArchive(address) if address else None
