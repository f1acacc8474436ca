"""Signed images leave byte for byte, with their lineage in a file beside them."""

import json
import os

import pytest

from engine.recipes.refine.batch_summary import write_batch
from engine.recipes.refine.import_tree import TreeJob, read_tree
from engine.recipes.refine.outputs import with_file_names, write_job
from engine.recipes.refine.report import BatchReport
from tests.support.refine_results import image, make_job, make_turn, snapshot, stamped
from tests.support.signed import sign

TYPES = {
    "PNG": ("image/png", "png"),
    "JPEG": ("image/jpeg", "jpg"),
    "WEBP": ("image/webp", "webp"),
    "AVIF": ("image/avif", "avif"),
    "GIF": ("image/gif", "gif"),
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_signed_image_is_written_untouched(shelf, tmp_path, kind):
    media_type, ending = TYPES[kind]
    data = sign(image(kind))
    turn = make_turn(shelf.keep(data, media_type))
    job = make_job(turn, best=1)
    folder, name = tmp_path / "lamp", f"iteration_1.{ending}"
    names = write_job(job, folder, shelf.path)
    assert {path.name for path in folder.iterdir()} == set(names)
    assert [found for found in names if not found.endswith(("json", "yaml"))] == [name]
    assert (folder / name).samefile(shelf.path(turn.artifact.hash))
    assert (folder / name).read_bytes() == data

    told = json.loads((folder / "iteration_1_lineage.json").read_text())
    assert (told["image"], told["artifact"]) == (name, turn.artifact.hash)
    assert told["safelight"]["prompt"] == "a lamp"
    assert "Seed: 7" in told["parameters"]
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["iterations"][0]["image"] == summary["best"]["image"] == name
    assert json.loads((folder / "iteration_1_results.json").read_text())["image"] == name

    before = snapshot(folder)
    assert write_job(job, folder, shelf.path) == names
    assert snapshot(folder) == before


def test_without_links_the_bytes_are_copied(shelf, tmp_path, monkeypatch):
    def refuse(*args, **options):
        raise OSError(18, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    data = sign(image("JPEG"))
    write_job(make_job(make_turn(shelf.keep(data, "image/jpeg"))), tmp_path / "x", shelf.path)
    assert (tmp_path / "x/iteration_1.jpg").read_bytes() == data


def test_a_stamped_copy_of_before_is_replaced(shelf, tmp_path):
    data = sign(image())
    (tmp_path / "x").mkdir()
    (tmp_path / "x/iteration_1.png").write_bytes(stamped())
    write_job(make_job(make_turn(shelf.keep(data))), tmp_path / "x", shelf.path)
    assert (tmp_path / "x/iteration_1.png").read_bytes() == data


def test_what_is_not_signed_is_converted_as_ever(shelf, tmp_path):
    write_job(
        make_job(make_turn(shelf.keep(image("JPEG"), "image/jpeg"))), tmp_path / "x", shelf.path
    )
    assert not (tmp_path / "x/iteration_1.jpg").exists()
    assert not (tmp_path / "x/iteration_1_lineage.json").exists()


def test_stale_copies_go_and_images_of_others_stay(shelf, tmp_path):
    folder = tmp_path / "x"
    signed = [make_turn(shelf.keep(sign(image("JPEG", n)), "image/jpeg"), n) for n in (1, 2)]
    write_job(make_job(*signed), folder, shelf.path)
    (folder / "iteration_3.jpg").write_bytes(sign(image("JPEG", 77)))
    write_job(make_job(signed[0]), folder, shelf.path)
    left = {path.name for path in folder.iterdir() if not path.name.endswith(("json", "yaml"))}
    assert left == {"iteration_1.jpg", "iteration_3.jpg"}
    assert not (folder / "iteration_2_lineage.json").exists()


def test_the_batch_names_the_file_that_is_there(shelf, tmp_path):
    job = make_job(make_turn(shelf.keep(sign(image("WEBP")), "image/webp")), best=1)
    named = with_file_names(job, shelf.path)
    write_batch([named], BatchReport(), tmp_path / "batch_summary.json")
    summary = json.loads((tmp_path / "batch_summary.json").read_text())
    assert summary["jobs"][0]["best"]["image"] == "iteration_1.webp"


def test_it_comes_back_with_its_lineage_where_no_results_are_left(shelf, tmp_path):
    data = sign(image("JPEG"))
    write_job(make_job(make_turn(shelf.keep(data, "image/jpeg"))), tmp_path / "x", shelf.path)
    for path in (tmp_path / "x").glob("*_results.*"):
        path.unlink()
    (tmp_path / "x/summary.json").unlink()
    (found,) = [item for item in read_tree(tmp_path / "x") if isinstance(item, TreeJob)]
    (turn,) = found.report.iterations
    assert (turn.prompt, turn.seed, turn.model) == ("a lamp", 7, "painter")
    assert turn.artifact.hash == make_turn(shelf.keep(data, "image/jpeg")).artifact.hash
