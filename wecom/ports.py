"""The connector the product talks to: WeCom today, another messenger or a file import tomorrow.

The product runs whole without a live connector: imports and the event API feed the same inbox.
"""

from typing import Any, Protocol


class Connector(Protocol):
    """What services outside `wecom` may ask a vendor for. Every method may raise a WecomError.

    Answers are WeCom's own JSON objects (PROTOCOL section 3), without errcode and errmsg.
    """

    def call(self, name: str, **values: Any) -> dict[str, Any]:
        """One call of endpoints.ENDPOINTS by name."""
        ...

    def pages(self, name: str, items: str, **values: Any) -> Any:
        """Every entry of a call that answers page by page with a cursor."""
        ...
