"""A recipe's own options, in Python: the same resolution that flags and the form go through."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.contract.options import Option
from engine.queueing.overrides import QueueError
from engine.queueing.plan import QueueOptions
from engine.queueing.recipe_options import apply_options
from tests.support.corpus import CORPUS


def applied(source: Any = None, overrides: Any = None, **flags: Any) -> Any:
    return apply_options(CORPUS, source, QueueOptions(overrides=overrides or {}, flags=flags))


@pytest.mark.parametrize("name", ["samples", "num_samples", "--num-samples", "--num_samples"])
def test_an_option_is_found_by_every_spelling(name: str):
    options = QueueOptions(flags={name: 7})
    assert apply_options(CORPUS, "a.txt", options).options.overrides == {"samples": 7}


def test_an_option_wins_over_the_setting_that_it_sets():
    request = applied("a.txt", {"samples": 1, "mode": "divergent"}, samples=2)
    assert request.options.overrides == {"samples": 2, "mode": "divergent"}
    assert request.options.flags == {}


def test_input_and_output_folder_may_be_options():
    request = applied(dataset="corpus.npy", output="made")
    assert (request.source(), request.options.output_dir) == (Path("corpus.npy"), Path("made"))


def test_the_one_entry_may_be_an_option_and_is_read_as_often_as_needed():
    request = applied(sound="Heavy boots on marble")
    assert request.source().read() == request.source().read()
    assert request.source().read() == b'[{"prompt": "Heavy boots on marble"}]'
    assert (request.options.name, request.options.file_format) == ("heavy-boots-on-marble", "json")


@pytest.mark.parametrize(
    ("source", "overrides", "flags", "message"),
    [
        ("a.txt", {}, {"dataset": "b.npy"}, "Give INPUT or --dataset, not both."),
        ("a.txt", {}, {"sound": "x"}, "Give INPUT or --sound, not both: both name the input."),
        ("a.txt", {"prompt": "x"}, {}, "Give INPUT or --set prompt, not both"),
        (None, {}, {"dataset": "b.npy", "sound": "x"}, "Give INPUT or --sound, not both"),
        (None, {}, {"frames": 3}, "Recipe corpus has no option 'frames'; its own options: --samp"),
    ],
)
def test_what_does_not_go_together_is_refused(source, overrides, flags, message):
    with pytest.raises(QueueError) as caught:
        applied(source, overrides, **flags)
    assert str(caught.value).startswith(message)


def test_an_output_folder_is_given_once():
    options = QueueOptions(output_dir=Path("a"), flags={"output": "b"})
    with pytest.raises(QueueError, match="Give --output-dir or --output, not both"):
        apply_options(CORPUS, "a.txt", options)


def test_the_number_of_jobs_at_the_same_time_may_be_an_option():
    for spelling in ("batch_size", "--batch-size", "--batch_size", "workers"):
        assert applied("a.txt", **{spelling: "5"}).options.in_flight == 5
    with pytest.raises(QueueError, match="Jobs in flight are a whole number, not 'five'"):
        applied("a.txt", batch_size="five")
    options = QueueOptions(in_flight=2, flags={"workers": 3})
    with pytest.raises(QueueError, match="Give --batch-size or --batch_size, not both"):
        apply_options(CORPUS, "a.txt", options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((Option("--frames", "frames"),), "corpus: --frames sets 'frames', an unknown field"),
        ((Option("--a", "mode"), Option("--b", "tag", aliases=("--a",))), "two options .* --a"),
    ],
)
def test_a_recipe_cannot_declare_what_it_cannot_set(options, message):
    with pytest.raises(ValueError, match=message):
        replace(CORPUS, options=options)


@pytest.mark.parametrize("flag", ["-x", "samples", "--Samples", "--a b", "--a--b", "--", "--é"])
def test_a_flag_is_lower_case_words(flag: str):
    with pytest.raises(ValueError, match="is not a flag"):
        Option(flag, "samples")
