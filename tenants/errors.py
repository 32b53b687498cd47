"""What can go wrong with accounts and tenants, each with a sentence for the person."""

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal that a person can act on. `message` is translatable; `code` is stable and shown.

    `status` is the HTTP status a page answers with: 409, or 404 where the thing named is not this company's.
    """

    status: int = 409
    code: str = "REFUSED"
    message: object = _("That is not possible now.")

    def __init__(self, message: object | None = None, *, code: str | None = None) -> None:
        self.message = message or self.message
        self.code = code or self.code
        super().__init__(str(self.message))


class InvitationInvalid(DomainError):
    code = "INVITE-01"
    message = _("This invitation has expired or was already used. Ask for a new link.")


class LastOwner(DomainError):
    code = "ROLE-03"
    message = _("A company keeps at least one owner. Name another owner first.")


class MemberSuspended(DomainError):
    code = "MEMBER-01"
    message = _("You may not enter for now. Ask an owner of the company to let you in again.")


class NotPermitted(DomainError):
    status = 403
    code = "ROLE-02"
    message = _("Your role does not allow this. Ask an owner of your company.")


class PreferenceInvalid(DomainError):
    code = "PREF-01"
    message = _("This value is not allowed here.")
