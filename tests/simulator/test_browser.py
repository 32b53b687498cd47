"""Reading the product's pages as a browser would."""

from __future__ import annotations

import pytest

from simulator.population.browser import read, same_site

PAGE = """
<p data-sim="text">早上好<br>第 <b>1</b> 课 &amp; 作业</p><p>另外</p>
<form action="/a" method="post" data-sim="confirm" data-sim-chat="wr1,wr2">
  <input type="hidden" name="csrf" value="t"><input type="checkbox" name="sure" required>
  <input type="checkbox" name="extra"><input name="note" required><input type="file" name="shot">
  <input type="radio" name="how" value="a"><input type="radio" name="how" value="b" checked>
  <select name="n"><option value="">-</option><option value="2">2</option><option value="3">3</option></select>
  <textarea name="why">因为</textarea><button name="verb" value="done">好</button>
  <button name="go" type="submit" value="yes">好</button>
</form>
<form data-sim="confirm"><span>启蒙02群</span><div data-sim="text">只给这个群</div></form>
<a href="/m/acme/send/7/">任务</a>
"""


def test_form_sends_what_a_browser_would() -> None:
    first, second = read(PAGE).forms
    assert (first.action, first.method, first.attributes["data-sim-chat"]) == ("/a", "post", "wr1,wr2")
    assert first.fields == {
        "csrf": "t",
        "sure": "on",
        "note": "已发送",
        "how": "b",
        "n": "2",
        "why": "因为",
        "verb": "done",
    }
    assert (second.fields, second.marked, "启蒙02群" in second.text) == ({}, ["只给这个群"], True)


def test_marked_text_and_links() -> None:
    document = read(PAGE)
    assert document.marked_text == "早上好\n第 1 课 & 作业"
    assert document.links == ["/m/acme/send/7/"]


@pytest.mark.parametrize(
    ("url", "base", "same"),
    [
        ("http://localhost:8000/r/x", "http://127.0.0.1:8000", True),
        ("http://127.0.0.1:8001/r/x", "http://127.0.0.1:8000", False),
        ("https://shop.example/r/x", "http://127.0.0.1:8000", False),
        ("/r/x", "", False),
    ],
)
def test_same_site(url: str, base: str, same: bool) -> None:
    assert same_site(url, base) is same
