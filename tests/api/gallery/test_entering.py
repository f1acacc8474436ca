"""Logging in: links that work once, tokens, cookies, forms of other pages."""

import logging

import pytest
from starlette.testclient import TestClient

from engine.api.auth.issue import Wanted, issue, revoke
from engine.api.gallery.sessions import SESSION_DAYS, add_link
from tests.api.gallery.conftest import ADDRESS, HTML, Browser, app_of, enter, text_of, values_of


@pytest.fixture
def stranger(workspace):
    with TestClient(app_of(workspace), ADDRESS) as client:
        yield client


def test_a_link_logs_one_browser_in_once(workspace, stranger, caplog):
    caplog.set_level(logging.DEBUG)
    code = add_link(workspace.store)
    answer = stranger.get(f"/login?code={code}", headers=HTML, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert f"max-age={SESSION_DAYS * 86_400}" in cookie
    other = TestClient(stranger.app, ADDRESS)
    again = other.get(f"/login?code={code}", headers=HTML)
    assert again.status_code == 403
    assert "was used" in again.text
    assert code not in again.text
    ours = (record for record in caplog.records if not record.name.startswith("httpx"))
    assert all(code not in record.getMessage() for record in ours)


def test_looking_ahead_uses_no_link_up(workspace, stranger):
    code = add_link(workspace.store)
    stranger.head(f"/login?code={code}")
    stranger.get(f"/login?code={code}", headers={"Sec-Purpose": "prefetch"})
    assert stranger.get(f"/login?code={code}", headers=HTML).url.path == "/"


def test_the_secret_of_a_session_is_on_no_page_and_not_in_the_store(workspace, stranger):
    enter(stranger, workspace)
    [secret] = [cookie.value for cookie in stranger.cookies.jar]
    for path in ("/", "/b1", "/j1", "/devices"):
        assert secret not in stranger.get(path, headers=HTML).text
    with workspace.reading() as connection:
        dump = "\n".join(connection.iterdump())
    assert secret not in dump


@pytest.mark.parametrize("path", ["/", "/b1", "/j1", "/files/" + "0" * 64, "/live", "/devices"])
def test_nothing_without_a_session(stranger, path):
    answer = stranger.get(path, headers=HTML, follow_redirects=False)
    assert answer.status_code in {303, 401}
    assert answer.headers.get("location", "/login") == "/login"
    assert stranger.post("/rate", data={"rate": "1:5:"}).status_code == 401


def test_a_token_logs_in_with_its_permissions_and_ends_the_session_with_it(workspace, stranger):
    secret = issue(workspace, Wanted("phone", ("read",), None)).secret
    assert stranger.post("/login", data={"token": "sl_wrong"}).status_code == 403
    answer = stranger.post("/login", data={"token": secret}, headers=HTML | {"Origin": ADDRESS})
    assert answer.url.path == "/"
    assert "Choose" not in stranger.get("/j1", headers=HTML).text
    revoke(workspace, "phone")
    assert stranger.get("/", headers=HTML).url.path == "/login"


def test_a_link_that_a_session_makes_ends_with_the_sessions_token(workspace, stranger):
    secret = issue(workspace, Wanted("phone", ("read",), None)).secret
    stranger.post("/login", data={"token": secret}, headers=HTML | {"Origin": ADDRESS})
    owner = Browser(stranger)
    pages = [owner.send(owner.page("/devices").select_one("main form")) for _ in range(2)]
    links = [str(page.select_one("#link")["value"]) for page in pages]
    other, late = (TestClient(stranger.app, ADDRESS) for _ in links)
    assert other.get(links[0], headers=HTML).url.path == "/"
    revoke(workspace, "phone")
    assert other.get("/", headers=HTML).url.path == "/login"
    assert late.get(links[1], headers=HTML).status_code == 403


def test_the_cookie_is_no_token_of_the_api(workspace, stranger):
    enter(stranger, workspace)
    [secret] = [cookie.value for cookie in stranger.cookies.jar]
    assert stranger.get("/v1/batches").status_code == 401
    bearer = {"Authorization": f"Bearer {secret}"}
    assert stranger.get("/v1/batches", headers=bearer).status_code == 401


def test_another_device_gets_a_link_of_its_own(workspace, browser):
    page = browser.send(browser.page("/devices").select_one("main form"))
    link = page.select_one("#link")["value"]
    other = TestClient(browser.client.app, ADDRESS)
    assert other.get(link, headers=HTML).url.path == "/"


def test_logging_out_ends_the_session(workspace, browser):
    jar = dict(browser.client.cookies)
    browser.send(browser.page("/").select_one("form[action='/logout']"))
    browser.client.cookies.update(jar)  # even if somebody has kept the cookie
    assert browser.client.get("/", headers=HTML).url.path == "/login"


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"},
                                     {"Sec-Fetch-Site": "cross-site"}])  # fmt: skip
def test_a_form_of_another_page_is_refused(browser, workspace, headers):
    form = browser.page("/j1").select_one("#rate")
    data = values_of(form) | {"rate": "1:5:"}
    assert browser.client.post("/rate", data=data, headers=headers).status_code == 403
    assert workspace.jobs("b1")[0].rating is None


def test_a_form_without_the_token_of_the_session_is_refused(browser, workspace):
    for token in ({}, {"token": ""}, {"token": "0" * 64}, {"token": "é"}):
        answer = browser.client.post("/rate", data={"rate": "1:5:", **token})
        assert answer.status_code == 403
    assert workspace.jobs("b1")[0].rating is None


def test_a_form_that_is_too_large_is_refused(browser):
    assert browser.client.post("/rate", data={"token": "x" * 1_100_000}).status_code == 413


def test_where_another_site_began_our_own_page_goes_on(workspace, stranger):
    code = add_link(workspace.store)
    headers = HTML | {"Sec-Fetch-Site": "same-site"}
    answer = stranger.get(f"/login?code={code}", headers=headers, follow_redirects=False)
    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text
    assert code not in answer.text
    assert text_of(enter(stranger, workspace).page("/"), "h1") == "Batches"


def test_without_a_store_there_are_sentences(workspace, browser):
    workspace.paths.store.unlink()
    assert browser.client.get("/b1", headers=HTML).url.path == "/login"
    answer = browser.client.post("/login", data={"token": "sl_" + "x" * 40})
    assert answer.status_code == 503
    assert "The store is gone" in answer.text
