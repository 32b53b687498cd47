"""Departments, staff and who just opened a page (PROTOCOL 3.1)."""

from collections.abc import Iterator
from typing import TypedDict

from wecom.calls.base import Family


class DepartmentId(TypedDict):
    id: int
    parentid: int
    order: int


class Department(DepartmentId, total=False):
    name: str
    name_en: str
    department_leader: list[str]


class StaffRow(TypedDict, total=False):
    """Apps made since 2022-06-20 see neither avatar, gender, phone, mail nor address."""

    userid: str
    name: str
    department: list[int]
    open_userid: str
    position: str
    status: int
    enable: int
    main_department: int


class Seat(TypedDict):
    userid: str
    department: int


class Visitor(TypedDict, total=False):
    """`userid` of a staff member, or `external_userid` and `openid` of somebody else."""

    userid: str
    user_ticket: str
    expires_in: int
    external_userid: str
    openid: str


class VisitorDetail(TypedDict, total=False):
    userid: str
    gender: str
    avatar: str
    qr_code: str
    mobile: str
    email: str
    biz_mail: str
    address: str


class Contacts(Family):
    """Only what the app's visible range covers is answered."""

    def department_list(self, *, department_id: int | None = None) -> list[Department]:
        """All departments, or one and what is below it. Permanent 60123: no such department."""
        return self._rows(Department, "department_list", "department", id=department_id)

    def department_ids(self, *, department_id: int | None = None) -> list[DepartmentId]:
        """Like `department_list` without names."""
        return self._rows(DepartmentId, "department_simplelist", "department_id", id=department_id)

    def staff_names(self, *, department_id: int) -> list[StaffRow]:
        """The staff of one department (not of those below it): id and name."""
        return self._rows(StaffRow, "user_simplelist", "userlist", department_id=department_id)

    def staff_list(self, *, department_id: int, with_below: bool = False) -> list[StaffRow]:
        """The staff of a department in full. TooMuch 45029 on large corps `with_below`; ask one by one then."""
        child = 1 if with_below else None
        return self._rows(StaffRow, "user_list", "userlist", department_id=department_id, fetch_child=child)

    def seats(self, *, limit: int = 10_000) -> Iterator[Seat]:
        """Every (staff, department) of the corp; needs the contact-sync secret. `limit` a page: 1 to 10,000."""
        return self._each(Seat, "user_list_id", "dept_user", limit=limit)

    def staff_get(self, *, userid: str) -> StaffRow:
        """One member. Permanent 60111: unknown or left; 60011: outside the visible range."""
        return self._ask(StaffRow, "user_get", userid=userid)

    def visitor(self, *, code: str) -> Visitor:
        """Who a sign-in code belongs to. A code works once, for 5 minutes: then Permanent 40029. Never repeat."""
        return self._ask(Visitor, "getuserinfo", code=code)

    def visitor_detail(self, *, user_ticket: str) -> VisitorDetail:
        """What the visitor agreed to show, by the ticket of `visitor`."""
        return self._ask(VisitorDetail, "getuserdetail", user_ticket=user_ticket)
