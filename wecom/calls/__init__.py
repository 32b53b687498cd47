"""Every WeCom call as a typed method, grouped as the vendor groups them.

client.customers.get(external_userid="wm...")
for row in client.groups.list(owners=["zhang"]): ...
"""

from functools import cached_property

from wecom.calls.archive import Archive
from wecom.calls.base import Door
from wecom.calls.contacts import Contacts
from wecom.calls.customers import Customers
from wecom.calls.groups import Groups
from wecom.calls.intercepts import Products, Rules, Statistics
from wecom.calls.links import Links
from wecom.calls.mass_sends import MassSends
from wecom.calls.media import Files
from wecom.calls.messages import Messages
from wecom.calls.moments import Moments
from wecom.calls.tags import Tags
from wecom.calls.tickets import Tickets
from wecom.calls.ways import Ways
from wecom.calls.welcomes import Welcomes

__all__ = ["Calls"]


class Calls(Door):
    """What a client offers by name. The class that inherits it is the `Door`."""

    @cached_property
    def contacts(self) -> Contacts:
        return Contacts(self)

    @cached_property
    def customers(self) -> Customers:
        return Customers(self)

    @cached_property
    def tags(self) -> Tags:
        return Tags(self)

    @cached_property
    def ways(self) -> Ways:
        return Ways(self)

    @cached_property
    def groups(self) -> Groups:
        return Groups(self)

    @cached_property
    def mass_sends(self) -> MassSends:
        return MassSends(self)

    @cached_property
    def welcomes(self) -> Welcomes:
        return Welcomes(self)

    @cached_property
    def moments(self) -> Moments:
        return Moments(self)

    @cached_property
    def rules(self) -> Rules:
        return Rules(self)

    @cached_property
    def products(self) -> Products:
        return Products(self)

    @cached_property
    def statistics(self) -> Statistics:
        return Statistics(self)

    @cached_property
    def media(self) -> Files:
        return Files(self)

    @cached_property
    def messages(self) -> Messages:
        return Messages(self)

    @cached_property
    def tickets(self) -> Tickets:
        return Tickets(self)

    @cached_property
    def links(self) -> Links:
        return Links(self)

    @cached_property
    def archive(self) -> Archive:
        return Archive(self)
