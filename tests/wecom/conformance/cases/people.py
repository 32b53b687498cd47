"""Cases of PROTOCOL 3.1 and 3.2: staff and customers."""

from typing import Any

from tests.wecom.conformance.harness import Break, Case, World, refused
from wecom.errors import TooMuch
from wecom.gateway import answers

# 3.1


def department_list(w: World) -> None:
    found = w.client.contacts.department_list()
    assert found[0]["name"]
    assert w.client.contacts.department_list(department_id=found[-1]["id"])[0]["id"] == found[-1]["id"]


def department_ids(w: World) -> None:
    ids = [one["id"] for one in w.client.contacts.department_ids()]
    assert ids == [one["id"] for one in w.client.contacts.department_list()]


def _all_staff(w: World) -> set[str]:
    return {
        row["userid"]
        for one in w.client.contacts.department_ids()
        for row in w.client.contacts.staff_names(department_id=one["id"])
    }


def staff_names(w: World) -> None:
    assert set(w.staff) <= _all_staff(w)


def staff_list(w: World) -> None:
    root = w.client.contacts.department_ids()[0]["id"]
    assert {row["userid"] for row in w.client.contacts.staff_list(department_id=root, with_below=True)} == (
        _all_staff(w)
    )


def staff_too_many(w: World) -> None:
    w.limits(staff_an_answer=1)
    root = w.client.contacts.department_ids()[0]["id"]
    refused(45029, lambda: w.client.contacts.staff_list(department_id=root, with_below=True), TooMuch)
    w.limits()


def seats(w: World) -> None:
    assert {row["userid"] for row in w.client.contacts.seats(limit=2)} >= set(w.staff)


def seats_with_the_app_secret(w: World) -> None:
    token = w.client._tokens.hold("access", lambda: w.client._fetch_token("access")).value
    request = {"access_token": token}
    answer = w.simulator._http.post("/cgi-bin/user/list_id", params=request, json={"limit": 10}).json()
    assert answers.code_of(answer) == 48002


def staff_get(w: World) -> None:
    assert w.client.contacts.staff_get(userid=w.staff[0])["userid"] == w.staff[0]


def hidden_staff(w: World) -> None:
    hidden = w.simulator.ask("POST", f"/sim/corps/{w.corp_id}/apps", visible_userids=[w.staff[0]])
    client = type(w.client)(w._app(hidden["secret"], hidden["agentid"]))
    refused(60011, lambda: client.contacts.staff_get(userid=w.staff[1]))


def _code(w: World) -> str:
    address = f"/connect/oauth2/authorize?appid={w.corp_id}&redirect_uri=http://127.0.0.1/b&state=s"
    query = f"{address}&response_type=code&scope=snsapi_privateinfo&agentid={w.agentid}"
    back = w.simulator._http.get(query, headers={"x-sim-person": f"{w.corp_id}:{w.staff[0]}"})
    return back.headers["location"].partition("code=")[2].partition("&")[0]


def visitor(w: World) -> None:
    assert w.client.contacts.visitor(code=_code(w))["userid"] == w.staff[0]


def visitor_detail(w: World) -> None:
    ticket = w.client.contacts.visitor(code=_code(w))["user_ticket"]
    assert w.client.contacts.visitor_detail(user_ticket=ticket)["userid"] == w.staff[0]


def _no_department(name: str, field: str) -> Any:
    return lambda w: refused(60123, lambda: w.client.call(name, **{field: 999}))


CONTACTS = (
    Case(
        "contacts.department_list", "department_list", department_list, lambda w: {"id": 1},
        refusals={60123: _no_department("department_list", "id")},
    ),
    Case(
        "contacts.department_ids", "department_simplelist", department_ids, lambda w: {"id": 1},
        refusals={60123: _no_department("department_simplelist", "id")},
    ),
    Case(
        "contacts.staff_names", "user_simplelist", staff_names, lambda w: {"department_id": 1},
        refusals={60123: _no_department("user_simplelist", "department_id")},
    ),
    Case(
        "contacts.staff_list", "user_list", staff_list, lambda w: {"department_id": 1, "fetch_child": 1},
        refusals={60123: _no_department("user_list", "department_id"), 45029: staff_too_many},
    ),
    Case(
        "contacts.seats", "user_list_id", seats, lambda w: {"cursor": "0", "limit": 10},
        refusals={48002: seats_with_the_app_secret},
    ),
    Case(
        "contacts.staff_get", "user_get", staff_get, lambda w: {"userid": w.staff[0]},
        refusals={
            60111: lambda w: refused(60111, lambda: w.client.contacts.staff_get(userid="nobody")),
            60011: hidden_staff,
        },
    ),
    Case(
        "contacts.visitor", "getuserinfo", visitor, lambda w: {"code": _code(w)},
        refusals={40029: lambda w: refused(40029, lambda: w.client.contacts.visitor(code="used"))},
    ),
    Case(
        "contacts.visitor_detail", "getuserdetail", visitor_detail,
        lambda w: {"user_ticket": w.client.contacts.visitor(code=_code(w))["user_ticket"]},
    ),
)  # fmt: skip

# 3.2


def follow_users(w: World) -> None:
    assert len(w.client.customers.follow_users()) >= 2


def of_staff(w: World) -> None:
    userid, external = w.tie
    assert external in w.client.customers.of_staff(userid=userid)


def customer_get(w: World) -> None:
    userid, external = w.tie
    found = w.client.customers.get(external_userid=external)
    assert found["external_contact"]["external_userid"] == external
    assert userid in {one["userid"] for one in found["follow_user"]}


def batch(w: World) -> None:
    first = w.client.customers.batch(userid_list=w.staff, limit=3)
    rest = w.client.customers.batch(userid_list=w.staff, cursor=first["next_cursor"])
    whole = w.client.customers.batch(userid_list=w.staff)
    assert first["external_contact_list"] + rest["external_contact_list"] == whole["external_contact_list"]
    assert (len(first["external_contact_list"]), whole.get("next_cursor", "")) == (3, "")


def remark(w: World) -> None:
    userid, external = w.tie
    w.client.customers.remark(userid=userid, external_userid=external, remark="好" * 20, remark_mobiles=[""])
    follows = w.client.customers.get(external_userid=external)["follow_user"]
    assert {one["userid"]: one["remark"] for one in follows}[userid] == "好" * 20


def colleague(w: World, userid: str) -> str:
    return next(one for one in w.staff if one != userid)


def transfer(w: World) -> None:
    userid, external = w.ties[-1]
    found = w.client.customers.transfer(
        handover_userid=userid,
        takeover_userid=colleague(w, userid),
        external_userid=[external],
        transfer_success_msg="hello",
    )
    assert found == [{"external_userid": external, "errcode": 0}]


def transfer_result(w: World) -> None:
    userid, external = w.ties[-2]
    pair = {"handover_userid": userid, "takeover_userid": colleague(w, userid)}
    w.client.customers.transfer(**pair, external_userid=[external])
    rows = {row["external_userid"]: row["status"] for row in w.client.customers.transfer_result(**pair)}
    assert rows[external] == 2


def resigned(w: World) -> str:
    """A member who left, with customers and a group."""
    number = w.fresh
    userid = w.act("staff/hire", userid=f"leaver{number}", name="L")["userid"]
    w.act("customer/add-staff", userid=userid, external_userid=w.strangers.pop())
    w.act("group/create", owner=userid, name="left behind")
    w.act("staff/resign", userid=userid)
    return userid


def _left_customer(w: World, userid: str) -> str:
    return next(
        row["external_userid"] for row in w.client.customers.unassigned() if row["handover_userid"] == userid
    )


def transfer_resigned(w: World) -> None:
    leaver = resigned(w)
    external = _left_customer(w, leaver)
    found = w.client.customers.transfer_resigned(
        handover_userid=leaver, takeover_userid=w.staff[0], external_userid=[external]
    )
    assert found[0]["errcode"] == 0


def transfer_resigned_result(w: World) -> None:
    leaver = resigned(w)
    pair = {"handover_userid": leaver, "takeover_userid": w.staff[0]}
    w.client.customers.transfer_resigned(**pair, external_userid=[_left_customer(w, leaver)])
    assert len(list(w.client.customers.transfer_resigned_result(**pair))) == 1


def unassigned(w: World) -> None:
    leaver = resigned(w)
    assert leaver in {row["handover_userid"] for row in w.client.customers.unassigned(page_size=1)}


def pair(w: World) -> dict[str, Any]:
    userid, external = w.tie
    return {"userid": userid, "external_userid": external}


def _move(w: World) -> dict[str, Any]:
    return {"handover_userid": w.staff[0], "takeover_userid": w.staff[1]}


def gone(w: World) -> dict[str, str]:
    """A member and a customer whom the member has deleted."""
    userid, external, _ = w.meet()
    w.act("staff/delete-customer", userid=userid, external_userid=external)
    return {"userid": userid, "external_userid": external}


NOBODY = "nobody"

CUSTOMERS = (
    Case("customers.follow_users", "follow_user_list", follow_users),
    Case(
        "customers.of_staff", "customer_list", of_staff, lambda w: {"userid": w.staff[0]},
        refusals={
            60111: lambda w: refused(60111, lambda: w.client.customers.of_staff(userid=NOBODY)),
            84061: lambda w: refused(84061, lambda: w.client.customers.of_staff(userid=w.act(
                "staff/hire", userid=f"fresh{w.fresh}", name="F")["userid"])),
        },
    ),
    Case(
        "customers.get", "customer_get", customer_get,
        lambda w: {"external_userid": w.tie[1], "cursor": "0"},
        refusals={
            40096: lambda w: refused(40096, lambda: w.client.customers.get(external_userid="wmNobody")),
            84061: lambda w: refused(
                84061, lambda: w.client.customers.get(external_userid=gone(w)["external_userid"])
            ),
        },
    ),
    Case(
        "customers.batch", "customer_batch", batch,
        lambda w: {"userid_list": w.staff, "cursor": "0", "limit": 10},
        refusals={
            60111: lambda w: refused(60111, lambda: w.client.customers.batch(userid_list=[NOBODY])),
            84061: lambda w: refused(84061, lambda: w.client.customers.batch(userid_list=[w.act(
                "staff/hire", userid=f"fresh{w.fresh}", name="F")["userid"]])),
        },
    ),
    Case(
        "customers.remark", "customer_remark", remark,
        lambda w: {
            **pair(w), "remark": "r", "description": "d", "remark_company": "c", "remark_mobiles": ["1"],
            "remark_pic_mediaid": w.image(),
        },
        breaks=(
            Break(
                "one of remark, description, remark_company, remark_mobiles, remark_pic_mediaid",
                dict.fromkeys(("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid")),
                "remark",
            ),
        ),
        refusals={
            84061: lambda w: refused(84061, lambda: w.client.customers.remark(**gone(w), remark="x")),
            40096: lambda w: refused(40096, lambda: w.client.customers.remark(
                userid=w.staff[0], external_userid="wmNobody", remark="x")),
            40007: lambda w: refused(40007, lambda: w.client.customers.remark(
                **pair(w), remark_pic_mediaid="gone")),
        },
    ),
    Case(
        "customers.transfer", "transfer_customer", transfer,
        lambda w: {**_move(w), "external_userid": ["wmNobody"], "transfer_success_msg": "m"},
        refusals={60111: lambda w: refused(60111, lambda: w.client.customers.transfer(
            handover_userid=w.staff[0], takeover_userid=NOBODY, external_userid=["x"]))},
    ),
    Case(
        "customers.transfer_resigned", "resigned_transfer_customer", transfer_resigned,
        lambda w: {"handover_userid": resigned(w), "takeover_userid": w.staff[1], "external_userid": ["wmNobody"]},
        refusals={
            60111: lambda w: refused(60111, lambda: w.client.customers.transfer_resigned(
                handover_userid=w.staff[0], takeover_userid=NOBODY, external_userid=["x"])),
            90500: lambda w: refused(90500, lambda: w.client.customers.transfer_resigned(
                **_move(w), external_userid=["x"])),
        },
    ),
    Case(
        "customers.transfer_result", "transfer_result", transfer_result, lambda w: {**_move(w), "cursor": "0"}
    ),
    Case(
        "customers.transfer_resigned_result", "resigned_transfer_result", transfer_resigned_result,
        lambda w: {**_move(w), "cursor": "0"},
    ),
    Case(
        "customers.unassigned", "unassigned_list", unassigned, lambda w: {"cursor": "0", "page_size": 10}
    ),
)  # fmt: skip

CASES = (*CONTACTS, *CUSTOMERS)
