"""Every customer beside WeCom's: the first read, and each night's comparison that finds what callbacks lost.

First one list for each staff member: it ends ties that are gone and says how many there are. Then pages of a hundred
ties, up to a hundred staff together. Both go on where they were cut off.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from django.db import transaction

from contacts.services.listing import Missed, ties_end_unlisted, ties_store_page
from team.selectors import staff_contactable
from tenants import clock
from wecom.calls.customers import CustomerOfStaff
from wecom.enums import LostKind
from wecom.errors import Permanent
from wecom.gateway.client import WecomClient, client_for
from wecom.reading.sync import Lost, Progress
from wecom.selectors import app_list

log = structlog.get_logger(__name__)

NOT_CONNECTED = 84061  # a member without customers answers this
PAGE = 100
STAFF_A_CALL = 100
LISTS, PAGES = "lists", "pages"


@dataclass(frozen=True, order=True)
class _Seller:
    """A staff member who may have customers, in reading order. `is_new`: nothing of theirs can have been lost."""

    app_id: int
    pk: int
    userid: str
    name: str
    is_new: bool

    @property
    def place(self) -> list[int]:
        return [self.app_id, self.pk]


def customers_compare(*, tenant_id: int, progress: Progress) -> int:
    """Make the customers of all staff who may have some equal to WeCom's. Returns the ties nobody had told of.

    Raises Retryable, SliceOver. Safe to repeat and to be cut off anywhere.
    """
    since = progress.compared_at
    callable_apps = {app.pk for app in app_list(tenant_id=tenant_id) if app.is_callable}
    sellers = sorted(
        _Seller(one.app_id, one.pk, one.userid, str(one), since is not None and one.created_at > since)
        for one in staff_contactable(tenant_id=tenant_id)
        if one.app_id in callable_apps
    )
    work = _Comparison(tenant_id, progress, sellers)
    if progress.position.get("phase") != PAGES:
        work.end_unlisted()
    work.read_pages()
    return progress.lost_count


class _Comparison:
    """One slice of one pass. The position: {"phase", "after": the last seller that is through, "ties", ...}."""

    def __init__(self, tenant_id: int, progress: Progress, sellers: list[_Seller]) -> None:
        self.tenant_id, self.progress, self.sellers = tenant_id, progress, sellers
        self.new = {one.pk for one in sellers if one.is_new}
        self.clients: dict[int, WecomClient] = {}

    def client(self, app_id: int) -> WecomClient:
        if app_id not in self.clients:
            self.clients[app_id] = client_for(self.tenant_id, app_id)
        return self.clients[app_id]

    def waiting(self) -> list[_Seller]:
        after = self.progress.position.get("after") or [0, 0]
        return [one for one in self.sellers if one.place > after]

    def end_unlisted(self) -> None:
        """Ask each one's list; end what it lacks; sum up what there is to read."""
        waiting, ties = self.waiting(), int(self.progress.position.get("ties", 0))
        done = len(self.sellers) - len(waiting)
        for number, seller in enumerate(waiting, start=done + 1):
            read_at = clock.now()
            listed = self._list_of(seller)
            with transaction.atomic():
                if listed is not None:
                    where = {"tenant_id": self.tenant_id, "staff_id": seller.pk}
                    self._lost(ties_end_unlisted(**where, listed=listed, read_at=read_at))
                ties += len(listed or [])
                place = {"phase": LISTS, "after": seller.place, "ties": ties}
                self.progress(number, len(self.sellers), doing=seller.name, position=place)
            self.progress.rest()
        self.progress(0, ties, position={"phase": PAGES, "ties": ties})

    def _list_of(self, seller: _Seller) -> list[str] | None:
        """External user ids; None when WeCom does not say: then nothing is ended."""
        try:
            return self.client(seller.app_id).customers.of_staff(userid=seller.userid)
        except Permanent as error:
            if error.code == NOT_CONNECTED:
                return []
            log.warning("customers_unlisted", tenant_id=self.tenant_id, staff_id=seller.pk, code=error.code)
            return None

    def read_pages(self) -> None:
        """Pages of ties, from where the position stands."""
        begun = self.progress.position.get("staff") or []
        batch = [one for one in self.waiting() if one.pk in begun]
        if batch:
            self._read_batch(batch, str(self.progress.position["cursor"]) if len(batch) == len(begun) else "")
        for batch in _batches(self.waiting()):
            self._read_batch(batch, "")

    def _read_batch(self, batch: list[_Seller], cursor: str) -> None:
        try:
            self._read_from(batch, cursor)
        except Permanent as error:
            if cursor:  # WeCom has forgotten the cursor meanwhile: from the batch's beginning
                self._read_batch(batch, "")
            elif len(batch) > 1:  # one that WeCom refuses hides the others: ask for each alone
                for seller in batch:
                    self._read_batch([seller], "")
            elif error.code != NOT_CONNECTED:
                log.warning(
                    "customers_unread", tenant_id=self.tenant_id, staff_id=batch[0].pk, code=error.code
                )

    def _read_from(self, batch: list[_Seller], cursor: str) -> None:
        client = self.client(batch[0].app_id)
        staff_ids = {one.userid.lower(): one.pk for one in batch}
        userids = [one.userid for one in batch]
        while True:
            read_at = clock.now()
            answer = client.customers.batch(userid_list=userids, cursor=cursor, limit=PAGE)
            entries = answer.get("external_contact_list") or []
            following = str(answer.get("next_cursor") or "")
            following = "" if following == cursor else following
            with transaction.atomic():
                missed = ties_store_page(
                    tenant_id=self.tenant_id, app_id=client.app.pk, entries=entries, staff_ids=staff_ids,
                    read_at=read_at,
                )  # fmt: skip
                self._lost(missed)
                self._tell(batch, entries, following)
            self.progress.rest()
            if not following:
                return
            cursor = following

    def _tell(self, batch: list[_Seller], entries: list[CustomerOfStaff], following: str) -> None:
        before = self.progress.position
        ties, done = int(before.get("ties", 0)), int(before.get("done", 0)) + len(entries)
        place = {"phase": PAGES, "ties": ties, "done": done, "after": before.get("after")}
        if following:
            place |= {"staff": [one.pk for one in batch], "cursor": following}
        else:
            place["after"] = batch[-1].place
        last = str(entries[-1]["follow_info"].get("userid") or "").lower() if entries else ""
        name = next((one.name for one in batch if one.userid.lower() == last), "")
        self.progress(min(done, ties), ties, doing=name, position=place)

    def _lost(self, missed: list[Missed]) -> None:
        told = [one for one in missed if one.staff_id not in self.new]
        self.progress.lost(Lost(one.external_userid, one.name, LostKind.TIE) for one in told)


def _batches(sellers: list[_Seller]) -> Iterator[list[_Seller]]:
    """Sellers of one app together, as many as one call takes."""
    by_app: dict[int, list[_Seller]] = {}
    for one in sellers:
        by_app.setdefault(one.app_id, []).append(one)
    for members in by_app.values():
        for start in range(0, len(members), STAFF_A_CALL):
            yield members[start : start + STAFF_A_CALL]
