import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.text.folder_names import claim, fold, place, place_summary, safe_name

NASTY = [
    "",
    ".",
    "..",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\windows",
    "a/b",
    "a\\b",
    "a\0b",
    "con",
    "CON.txt",
    "nul.",
    "lpt1",
    "COM\xb9",
    "-rf",
    ".hidden",
    "trailing.",
    "trailing ",
    "a\nb",
    "\x1b[31mred",
    "\u202egnp.exe",
    "\ud800",
    "\u3164",
    "batch_summary.json",
    "x" * 300,
    "\u706f" * 100,
    "\U0001f3ee",
    "caf\xe9",
    "cafe\u0301",
    "\ufb01sh",
    "fish",
    "Fish",
    "con." + "." * 100 + "x",
    "~",
    "$HOME",
    "a:b",
    "*",
    "%2e%2e",
]
IDS = st.sampled_from(NASTY) | st.text(max_size=120) | st.text(alphabet="aA.-_/ ", max_size=4)


@given(IDS)
@example("con." + "." * 100 + "x")
@example("\u1e9b\u0323")
def test_a_name_is_one_plain_part_of_a_path(text):
    name = safe_name(text)
    assert name
    assert PurePosixPath(name).parts == (name,)
    assert PureWindowsPath(name).parts == (name,)
    assert name[0] not in ".-"
    assert name[-1] not in ". "
    assert len(name.encode()) <= 89
    assert all(character.isalnum() or character in "._-" for character in name)
    assert name.split(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert unicodedata.normalize("NFC", name) == name or len(name.encode()) >= 80


@given(st.lists(IDS, unique=True, max_size=30))
@example(NASTY)
def test_different_ids_never_have_one_name(ids):
    assert len({safe_name(text) for text in ids}) == len(ids)


@pytest.mark.parametrize(
    "text", ["sunset-01", "Shot_7.v2", "\u706f\u5149", "\xe9t\xe9", "shot-20240101", "a-deadbeef"]
)
def test_a_good_id_is_its_own_name(text):
    assert safe_name(text) == text


def test_an_id_that_looks_like_a_made_name_is_not_it():
    made = safe_name("a/b")
    assert made.startswith("a-b-x")
    assert safe_name(made) != made


@given(st.lists(st.tuples(IDS, st.sampled_from(["evening", "lamp", "a", "A", "../x"]))))
@example([("lamp", "lamp"), ("lamp", "lamp"), ("Lamp", "lamp"), ("lamp-2", "lamp")])
def test_places_never_collide_and_never_leave_the_folder(jobs):
    places: set[str] = set()
    folders: set[str] = set()
    for text, batch in jobs:
        path = place(
            text,
            batch,
            taken=lambda path: fold(path) in places | folders,
            holds_job=lambda path: fold(path) in places,
        )
        parts = PurePosixPath(path).parts
        assert len(parts) in (1, 2)
        assert not {"..", ".", "/"} & set(parts)
        assert fold(path) not in places
        places.add(fold(path))
        if len(parts) == 2:
            assert fold(parts[0]) not in places, "a batch's folder is no job's folder"
            folders.add(fold(parts[0]))


def test_the_first_batch_has_the_bare_places():
    assert place("lamp", "evening", lambda _: False, lambda _: False) == "lamp"


def test_what_lies_there_already_sends_a_job_to_its_batchs_folder():
    taken = {"lamp", "evening/lamp"}
    assert place("lamp", "evening", {"lamp"}.__contains__, set().__contains__) == "evening/lamp"
    assert place("lamp", "evening", taken.__contains__, set().__contains__) == "evening/lamp-2"
    assert (
        place("lamp", "evening", taken.__contains__, {"evening"}.__contains__) == "evening-2/lamp"
    )


def test_claim_counts_up():
    assert claim("a", {"a", "a-2"}.__contains__) == "a-3"


def test_names_that_differ_in_case_or_form_alone_are_one():
    assert fold("Stra\xdfe") == fold("STRASSE")
    assert fold("caf\xe9") == fold("CAFE\u0301")


def test_a_later_batchs_summary_goes_to_its_own_folder():
    nothing = set().__contains__
    assert place_summary("evening", nothing, nothing) == "batch_summary.json"
    taken = {"batch_summary.json"}
    assert place_summary("evening", taken.__contains__, nothing) == "evening/batch_summary.json"
    taken.add("evening/batch_summary.json")
    assert place_summary("evening", taken.__contains__, nothing) == "evening-2/batch_summary.json"
