"""Pages of the gallery, as a browser without script reads them."""

import re

import pytest
from starlette.testclient import TestClient

from tests.api.gallery.conftest import HOSTILE, HTML, enter, text_of

PATHS = ("/", "/b1", "/b1?sort=best", "/j1", "/j1/at/iteration-1", "/compare?job=1&job=2",
         "/approvals", "/devices", "/login", "/j1/decide?key=iteration-2/prompt")  # fmt: skip


def test_batches_show_how_far_each_is(seen):
    page = seen.page("/")
    assert text_of(page, "#b1 h2") == "entries"
    assert "refine" in text_of(page, "#b1 .facts")
    assert "3 of 3" in text_of(page, "#b1 .facts")


def test_a_sheet_is_sorted_and_filtered(seen):
    def scores(path):
        cells = seen.page(path).select(".card .number")
        return [float(cell.get_text()) for cell in cells]

    best = scores("/b1?sort=best")
    assert len(best) == 3
    assert best == sorted(best, reverse=True)
    assert scores("/b1?sort=worst") == best[::-1]
    assert len(scores("/b1?state=done")) == 3
    assert scores("/b1?state=failed") == []


def test_a_card_has_its_image_in_the_size_it_has(seen):
    image = seen.page("/b1").select_one("#j1 img")
    assert (image["width"], image["height"]) == ("128", "96")
    assert image["alt"] == "Best result of lake"
    answer = seen.client.get(image["src"])
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]


def test_hostile_text_is_only_text(seen):
    page = seen.page("/j2")
    assert HOSTILE in text_of(page, "#main")
    assert [tag.get("src") for tag in page.select("script")] == ["/static/gallery.js"]


def test_a_job_has_its_iterations_side_by_side(seen):
    parts = seen.page("/j1").select("#parts > .parts > .part")
    assert [text_of(part, "h3 a") for part in parts] == ["iteration 1", "iteration 2"]
    second = parts[1]
    assert second.select("ins"), "the second prompt differs from the first"
    assert second.select(".checks tbody tr")
    verdicts = {row["class"][0] for row in second.select(".checks tbody tr")}
    assert verdicts <= {"v-met", "v-partly", "v-unmet", "v-unknown"}


def test_a_part_has_a_page_with_the_way_back(seen):
    page = seen.page("/j1/at/iteration-2?sort=best")
    assert text_of(page, "h1") == "iteration 2"
    assert page.select_one("[data-up]")["href"] == "/b1?sort=best#j1"


def test_jobs_follow_each_other_as_on_the_sheet(seen):
    order = [card["data-job"] for card in seen.page("/b1?sort=best").select(".card")]
    page = seen.page(f"/j{order[1]}?sort=best")
    assert page.select_one("[rel=prev]")["href"] == f"/j{order[0]}?sort=best"
    assert page.select_one("[rel=next]")["href"] == f"/j{order[2]}?sort=best"


def test_two_results_beside_each_other(seen):
    page = seen.page("/compare?part=1:iteration-1&part=1:iteration-2")
    assert len(page.select(".compare img")) == 2
    assert page.select("ins"), "the prompts are compared too"
    assert "Mark two" in text_of(seen.page("/compare?job=1", 400), "h1")


@pytest.mark.parametrize(
    "path",
    ["/b99", "/j99", "/j1/at/nowhere", "/files/" + "0" * 64, "/files/x", "/thumbnails/7/x",
     "/previews/1/1", "/j1/decide?key=seed", "/b99999999999999999999999"],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(seen, path):
    assert text_of(seen.page(path, 404), "h1") == "Not found"


@pytest.mark.parametrize("path", PATHS)
def test_nothing_on_a_page_is_from_elsewhere_or_could_act(seen, path):
    answer = seen.client.get(path, headers=HTML)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = seen.page(path)
    assert not page.select("[style], style, script:not([src]), [onclick], [onload]")
    addresses = [
        tag[name] for name in ("src", "href", "action") for tag in page.select(f"[{name}]")
    ]
    assert addresses
    assert all(re.match(r"/(?!/)|#|\?", address) for address in addresses), addresses


@pytest.mark.parametrize("path", PATHS)
def test_everything_has_a_name(seen, path):
    """Check what a screen reader needs: language, headings, texts of images, labels, ids."""
    page = seen.page(path)
    assert page.html["lang"] == "en"
    assert len(page.select("h1")) == 1
    assert all(image.has_attr("alt") for image in page.select("img"))
    for field in page.select("input:not([type=hidden]), textarea, audio, video"):
        labelled = field.get("aria-label") or field.find_parent("label")
        assert labelled or page.select_one(f"label[for='{field.get('id')}']"), field
    for button in page.select("button, a[href]"):
        has_image = any(image["alt"] for image in button.select("img"))
        near = button.find_parent(class_="batch")  # its image repeats the link beside it
        assert button.get_text().strip() or button.get("aria-label") or has_image or near, button
    ids = [tag["id"] for tag in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for tag in page.select("svg:not([role=img])"):
        assert tag.get("aria-hidden") == "true"


def test_who_may_only_read_has_no_buttons(workspace, browser):
    reader = enter(TestClient(browser.client.app, str(browser.client.base_url)), workspace,
                   scopes=("read",))  # fmt: skip
    for path in ("/b1", "/j1"):
        assert not reader.page(path).select("form[action='/act'], .stars button, [data-choose]")
