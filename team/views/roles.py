"""Who may do what (R122), in plain words, from the one table that services ask."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from console.pages import TemplatePage
from team.services import approval_kinds
from tenants.enums import Permission, Role
from tenants.roles import allows
from tenants.selectors import member_list

WORDS = {
    Role.OWNER: _(
        "Decides everything, also who belongs to the company, how WeCom is connected and which rules hold for leads."
    ),
    Role.LEADER: _("Approves exceptions, sees and steers everybody's work."),
    Role.OPERATOR: _("Runs groups and SOPs; asks for an exception where a rule stops them."),
    Role.SALES: _("Follows leads, does own tasks, answers customers."),
    Role.VIEWER: _("Reads pages and figures; names and numbers of customers stay masked."),
}


class RolesPage(TemplatePage):
    """The five roles, what each may do, and who holds them."""

    template_name = "team/roles.html"
    partial_name = "team/roles.html"

    def context(self, **kwargs: Any) -> dict[str, Any]:
        held: dict[str, list[str]] = {}
        for one in member_list(tenant=self.request.tenant):
            held.setdefault(one.role, []).append(str(one.user))
        return {
            "title": _("Who may do what"),
            "roles": [
                (role.label, WORDS[role], held.get(role, []), role == self.request.role) for role in Role
            ],
            "names": [role.label for role in Role],
            "matrix": [(one.label, [allows(role, one) for role in Role]) for one in Permission],
            "kinds": [one.label for one in approval_kinds()],
        }
