"""The tickets behind JS-SDK signatures (PROTOCOL 3.12). Keep them: `WecomClient.ticket` does."""

from typing import TypedDict

from wecom.calls.base import Family


class Ticket(TypedDict):
    """`expires_in` in seconds, up to 7,200."""

    ticket: str
    expires_in: int


class Tickets(Family):
    def corp(self) -> Ticket:
        """The corp's ticket, for wx.config. 400 an hour per corp."""
        return self._ask(Ticket, "jsapi_ticket")

    def agent(self) -> Ticket:
        """This app's ticket, for agentConfig. 100 an hour per app."""
        return self._ask(Ticket, "agent_ticket", type="agent_config")
