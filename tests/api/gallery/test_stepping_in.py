"""Stepping in by forms: ratings, choices, prompts with the cost first, actions, approvals."""

import json
import sqlite3

import pytest
from starlette.testclient import TestClient

from engine.client.workspace import Workspace
from tests.api.gallery.conftest import ADDRESS, HTML, app_of, enter, text_of, values_of

pytestmark = pytest.mark.usefixtures("one_process")


def test_rating_a_card(browser, workspace):
    page = browser.page("/b1?sort=best")
    button = page.select_one("#j2 button[value='2:4:']")
    after = browser.send(page.select_one("#rate"), button)
    assert "Rated" in text_of(after, ".flash")
    assert workspace.jobs("b1")[1].rating == 4
    again = after.select_one("#j2 button[aria-pressed]")
    assert again["aria-label"] == "Take back 4"
    assert not browser.page("/b1").select(".flash"), "it is said once"
    browser.send(after.select_one("#rate"), again)
    assert workspace.jobs("b1")[1].rating is None


def test_rating_by_script_returns_a_sentence(browser):
    data = values_of(browser.page("/b1").select_one("#rate")) | {"rate": "1:keep:iteration-1"}
    headers = {"Accept": "application/json", "Origin": ADDRESS}
    answer = browser.client.post("/rate", data=data, headers=headers)
    assert answer.json()["bad"] is False
    assert "keep" in answer.json()["text"]
    bad = browser.client.post("/rate", data=data | {"rate": "1:7:"}, headers=headers).json()
    assert bad == {"text": "A rating is 1 to 5, keep, reject or none.", "bad": True}


def test_a_note(browser):
    form = browser.page("/j1").select_one("#rate")
    save = form.select_one("button[value='1::']")
    after = browser.send(form, save, note='light & "shade"')
    assert after.select_one("input[name=note]")["value"] == 'light & "shade"'


def test_choosing_a_part(browser, workspace):
    page = browser.page("/j1")
    first = page.select_one("#part-iteration-1")
    before = workspace.jobs("b1")[0].score
    form = first.select_one("form:has([data-choose])")
    shown = browser.send(form, form.select_one("button"))
    if "Choose iteration 1?" in shown.get_text():  # it has something run again
        sure = shown.select_one(".consequence form")
        shown = browser.send(sure)
    assert "Decided select" in text_of(shown, ".flash")
    workspace.follow("b1")
    chosen = browser.page("/j1")
    assert chosen.select_one("#part-iteration-1.taken")
    assert not chosen.select_one("#part-iteration-2.taken")
    assert workspace.jobs("b1")[0].score != before or before is not None


def test_the_cost_of_a_prompt_comes_first(browser, workspace):
    page = browser.page("/j1/decide?key=iteration-2/prompt")
    form = page.select_one("main form")
    text = "a lake at noon <i>"
    shown = browser.send(form, value=text)
    assert "Dependent steps run again: at most" in text_of(shown, ".consequence")
    assert workspace.jobs("b1")[0].state == "done", "nothing is decided yet"
    after = browser.send(shown.select_one(".consequence form"))
    assert "Decided iteration-2/prompt" in text_of(after, ".flash")
    workspace.follow("b1")
    assert text_of(browser.page("/j1/at/iteration-2"), "#verdict ins") == "noon <i>"
    undo = browser.page("/j1").select_one("#hand form")
    assert "Undid" in text_of(browser.send(undo, undo.select_one("button")), ".flash")


def test_a_text_that_the_recipe_does_not_ask_for_is_refused(browser):
    form = browser.page("/j1/decide?key=iteration-2/prompt").select_one("main form")
    shown = browser.send(form, key="colour", value="red", sure="yes")
    assert shown.select_one(".flash.bad")


@pytest.fixture
def queued(workspace, tmp_path) -> Workspace:
    source = tmp_path / "more.json"
    source.write_text(json.dumps([{"id": "one", "prompt": "a tree", "width": 64, "height": 64}]))
    workspace.queue("refine", source, settings={"max_iterations": 1, "approve": "start"})
    return workspace


def test_actions_of_the_registry(browser, queued):
    page = browser.page("/b2")
    verbs = page.select_one("#head form")
    after = browser.send(verbs, verbs.select_one("[value=pause]"))
    assert "aused" in text_of(after, ".flash")
    sure = browser.send(verbs, verbs.select_one("[value=cancel]"))
    assert "Cancel b2?" in text_of(sure, "main p")
    assert queued.jobs("b2")[0].state != "cancelled"
    browser.send(sure.select_one("main form"))
    assert queued.jobs("b2")[0].state == "cancelled"


def test_approving_with_an_edited_value(browser, queued):
    queued.follow("b2")
    page = browser.page("/approvals")
    form = page.select_one(".gate form")
    value = json.loads(form.select_one("textarea").get_text())
    value["prompt"] = "a bare tree"
    button = form.select_one("[value=approve]")
    bad = browser.client.post(
        "/approve", data=values_of(form, button) | {"value": "{"}, headers={"Origin": ADDRESS}
    )
    assert bad.status_code == 401 or "not JSON" in bad.text
    after = browser.send(form, button, value=json.dumps(value))
    assert "pproved" in text_of(after, ".flash")
    queued.follow("b2")
    assert "a bare tree" in text_of(browser.page("/j4/at/iteration-1"), "#verdict")


def test_a_reader_and_a_server_that_is_read_only_change_nothing(workspace):
    from engine.api.app import ServerOptions

    with TestClient(app_of(workspace), ADDRESS) as client:
        reader = enter(client, workspace, scopes=("read",))
        assert _rated(reader) == 403
    with TestClient(app_of(workspace, options=ServerOptions(read_only=True)), ADDRESS) as client:
        assert _rated(enter(client, workspace)) == 403
    assert workspace.jobs("b1")[0].rating is None


def _rated(browser) -> int:
    token = browser.page("/devices").select_one("main [name=token]")["value"]
    data = {"token": token, "rate": "1:5:"}
    return browser.client.post("/rate", data=data, headers=HTML | {"Origin": ADDRESS}).status_code


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "/\\evil", "x"])
def test_nobody_is_sent_elsewhere(browser, back):
    data = values_of(browser.page("/b1").select_one("#rate")) | {"rate": "1:3:", "back": back}
    answer = browser.client.post(
        "/rate", data=data, headers=HTML | {"Origin": ADDRESS}, follow_redirects=False
    )
    assert answer.headers["location"] == "/j1"


def test_who_may_not_spend_starts_no_paid_work(workspace):
    with workspace.store.intake() as write:
        paid = """UPDATE batches SET snapshot = json_replace(snapshot, '$.backends.image.name',
                  'openai')"""
        write(lambda connection: connection.execute(paid))
    with TestClient(app_of(workspace), ADDRESS) as client:
        thrifty = enter(client, workspace, scopes=("read", "decide"))
        form = thrifty.page("/j1/decide?key=iteration-2/prompt").select_one("main form")
        data = values_of(form) | {"value": "a dear lake", "sure": "yes"}
        headers = HTML | {"Origin": ADDRESS}
        answer = thrifty.client.post("/j1/decide", data=data, headers=headers)
        assert answer.status_code == 403
        assert "spend" in answer.text
        rated = thrifty.client.post("/rate", data=data | {"rate": "1:5:"}, headers=headers)
        assert rated.status_code == 200, "a rating costs nothing"
    assert workspace.jobs("b1")[0].state == "done"


def test_a_store_that_somebody_holds_is_a_sentence(browser, workspace, monkeypatch):
    monkeypatch.setattr("db.connect.BUSY_SECONDS", 0.05)
    form = browser.page("/j1").select_one("#rate")
    holder = sqlite3.connect(workspace.paths.store)
    holder.execute("BEGIN IMMEDIATE")
    try:
        answer = browser.client.post(
            "/rate", data=values_of(form) | {"rate": "1:5:"}, headers=HTML | {"Origin": ADDRESS}
        )
    finally:
        holder.rollback()
        holder.close()
    assert answer.status_code in {409, 503}
    assert "store" in answer.text
