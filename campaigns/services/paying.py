"""The payment port: what any payment service must do for us, and the two that there are.

A service pays a number once: asked again with the same number it answers with the payment that was made. So a crash
between its payment and our record is mended by asking again. `sandbox` keeps a book of its own in place of a bank;
`hand` is a person who pays outside and notes the reference.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from campaigns.errors import PaymentRefused
from campaigns.models import SandboxPayment
from tenants import clock

if TYPE_CHECKING:
    from tenants.models import Tenant


@dataclass(frozen=True)
class Receipt:
    """What a service says of one payment that it made."""

    number: str
    amount_fen: int
    reference: str
    at: datetime


class PaymentService(Protocol):
    """Each call may fail with PaymentUnknown: then nobody knows, and `look_up` is asked later."""

    code: ClassVar[str]
    is_automatic: ClassVar[bool]

    def pay(self, *, tenant: "Tenant", number: str, amount_fen: int) -> Receipt:
        """Pay once for this number. Raises PaymentRefused where it never will, PaymentUnknown without an answer."""

    def look_up(self, *, tenant: "Tenant", number: str) -> Receipt | None:
        """The payment made for this number, None where there is none. Raises PaymentUnknown without an answer."""

    def statement(self, *, tenant: "Tenant", numbers: Iterable[str]) -> dict[str, Receipt]:
        """{number: payment} of those of these numbers that it paid."""


class Sandbox:
    """A payment service that pays nobody and keeps book like one, in transactions of its own."""

    code: ClassVar[str] = "sandbox"
    is_automatic: ClassVar[bool] = True

    def pay(self, *, tenant: "Tenant", number: str, amount_fen: int) -> Receipt:
        row, _made = SandboxPayment.objects.get_or_create(
            tenant=tenant, number=number,
            defaults={"amount_fen": amount_fen, "reference": f"SB{number}", "at": clock.now()},
        )  # fmt: skip
        if row.amount_fen != amount_fen:
            raise PaymentRefused(_("This number was paid before with another amount."))
        return _receipt(row)

    def look_up(self, *, tenant: "Tenant", number: str) -> Receipt | None:
        row = SandboxPayment.objects.filter(tenant=tenant, number=number).first()
        return _receipt(row) if row else None

    def statement(self, *, tenant: "Tenant", numbers: Iterable[str]) -> dict[str, Receipt]:
        rows = SandboxPayment.objects.filter(tenant=tenant, number__in=list(numbers))
        return {row.number: _receipt(row) for row in rows}


def _receipt(row: SandboxPayment) -> Receipt:
    return Receipt(row.number, row.amount_fen, row.reference, row.at)


class ByHand:
    """Somebody pays outside, and notes the reference; nothing is paid by the product."""

    code: ClassVar[str] = "hand"
    is_automatic: ClassVar[bool] = False

    def pay(self, *, tenant: "Tenant", number: str, amount_fen: int) -> Receipt:
        raise PaymentRefused(_("Red packets are paid by hand here: note the reference when it is done."))

    def look_up(self, *, tenant: "Tenant", number: str) -> Receipt | None:
        return None

    def statement(self, *, tenant: "Tenant", numbers: Iterable[str]) -> dict[str, Receipt]:
        return {}


_KNOWN: tuple[PaymentService, ...] = (Sandbox(), ByHand())
_SERVICES = {one.code: one for one in _KNOWN}


def payment_service() -> PaymentService:
    """The one that this installation uses (QUNCE_PAYMENTS)."""
    return _SERVICES[settings.PAYMENTS]
