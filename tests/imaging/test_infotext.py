import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.imaging.infotext import Infotext, format_infotext, parse_infotext

TRICKY = st.lists(
    st.sampled_from(
        [
            "Negative prompt:",
            "Negative prompt",
            "\\",
            ":",
            ",",
            '"',
            "\n",
            "\r",
            " ",
            "Steps: 1, Sampler: x, Seed: 3, Size: 9x9, Model: m",
            "Hashes: {}",
            "\u2028",
            "\u706f",
            "a",
        ]
    ),
    max_size=8,
).map("".join)
TEXT = st.text(max_size=40) | TRICKY
NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9 \-/]{0,10}[a-z0-9]", fullmatch=True)


@given(
    prompt=TEXT,
    negative=TEXT,
    parameters=st.dictionaries(NAMES, TEXT, min_size=3, max_size=8),
)
@example(prompt="", negative="", parameters={"ab": "", "cd": "", "ef": ""})
@example(
    prompt="a\nNegative prompt: b\nSteps: 1, Sampler: x, Seed: 2",
    negative="Negative prompt\\: c",
    parameters={"Steps": "1", "Sampler": '"q"', "Model": "a, b: c\nd"},
)
def test_what_is_written_is_read_back(prompt, negative, parameters):
    info = Infotext(prompt=prompt, negative_prompt=negative, parameters=parameters)
    assert parse_infotext(format_infotext(info)) == info


def test_the_layout_is_the_ecosystems():
    info = Infotext(
        prompt="a lamp",
        negative_prompt="text",
        parameters={"Steps": "20", "Sampler": "Euler a", "Seed": "1", "Model": "a:b"},
    )
    assert format_infotext(info) == (
        'a lamp\nNegative prompt: text\nSteps: 20, Sampler: Euler a, Seed: 1, Model: "a:b"'
    )


def test_another_programs_text_is_read():
    text = (
        "girl in a beret, detailed\nsecond line\n"
        "Negative prompt: ugly, fat,\nblurry\n"
        "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, "
        'Model hash: 45dee52b, Lora hashes: "a: 1, b: 2", Version: v1.9'
    )
    info = parse_infotext(text)
    assert info.prompt == "girl in a beret, detailed\nsecond line"
    assert info.negative_prompt == "ugly, fat,\nblurry"
    assert info.parameters["CFG scale"] == "7"
    assert info.parameters["Lora hashes"] == "a: 1, b: 2"
    assert info.parameters["Version"] == "v1.9"


def test_text_without_parameters_is_a_prompt():
    assert parse_infotext("just words: two, three: four") == Infotext(
        prompt="just words: two, three: four"
    )
    assert parse_infotext("Negative prompt: x").negative_prompt == "x"


@given(st.text(max_size=200) | TRICKY)
def test_any_text_can_be_read(text):
    parse_infotext(text)


@pytest.mark.parametrize("unit", ["a", 'aa:"', 'aa:"\\",', "a, ", " ", "aa: "])
def test_long_hostile_lines_are_read_without_blowing_up(unit):
    parse_infotext(unit * (60_000 // len(unit)))


def test_names_that_would_break_the_line_are_refused():
    for name in ("", "a", "a:b", "a,b", "a\nb", " ab", "ab "):
        with pytest.raises(ValueError, match="name"):
            Infotext(parameters={name: "x"})


def test_too_few_parameters_are_refused():
    with pytest.raises(ValueError, match="at least 3"):
        format_infotext(Infotext(prompt="x", parameters={"Seed": "1"}))
