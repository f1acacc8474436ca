"""Every refusal of a reader with its sentence, and what the readers accept."""

import io
import os
import sys
from typing import BinaryIO, cast

import pytest

from engine.intake import InputEntry, InputError, open_entries
from engine.intake.readers import detect


def entries(data, file_format=None, **options):
    stream = io.BytesIO(data if isinstance(data, bytes) else data.encode())
    return list(open_entries(stream, file_format=file_format, name="in", **options))


def data_of(data, file_format=None, **options):
    return [entry.data for entry in entries(data, file_format, **options)]


def refusal(data, file_format=None, **options):
    """What the reader says, whether it goes on after it or not."""
    try:
        items = entries(data, file_format, **options)
    except InputError as error:
        return str(error)
    return "\n".join(str(item) for item in items if not isinstance(item, InputEntry))


TWO = [{"prompt": "a"}, {"prompt": "b", "seed": 3}]


@pytest.mark.parametrize(
    ("file_format", "text"),
    [
        ("json", '[{"prompt": "a"}, {"prompt": "b", "seed": 3}]'),
        ("json", '{"prompts": ["a", {"prompt": "b", "seed": 3}]}'),
        ("yaml", "- a\n- prompt: b\n  seed: 3\n"),
        ("yaml", "prompts:\n  - prompt: a\n  - {prompt: b, seed: 3}\n"),
        ("jsonl", '"a"\n\n{"prompt": "b", "seed": 3}'),
    ],
)
def test_shapes_that_are_read(file_format, text):
    assert data_of(text, file_format) == TWO
    assert data_of(b"\xef\xbb\xbf" + text.encode(), file_format) == TWO


FIELDS = ("id", "title", "prompt", "negative_prompt", "seed")
BARNS = [{"id": "1", "prompt": "a red barn"}, {"id": "2", "prompt": "a blue barn"}]


@pytest.mark.parametrize(
    "text",
    [
        "id,prompt\r\n1,a red barn\r\n,\r\n2,a blue barn\r\n,\r\n",
        "id,prompt,,\n1,a red barn,,\n2,a blue barn\n,,,\n",
        "id,prompt\r1,a red barn\r2,a blue barn\r",
        "sep=;\r\nid;prompt\r\n1;a red barn\r\n2;a blue barn\r\n",
        '"sep=\t"\nid\tprompt\n1\ta red barn\n2\ta blue barn\n',
        "ID, Prompt \n1,a red barn\n2,a blue barn\n",
    ],
    ids=["blank rows", "trailing commas", "CR", "sep=;", "sep=tab", "capitals"],
)
def test_csv_as_spreadsheets_write_it(text):
    for data in (text.encode(), b"\xef\xbb\xbf" + text.encode()):
        assert data_of(data, "csv", fields=FIELDS) == BARNS
        assert data_of(data, fields=FIELDS) == BARNS  # told from the content alone


def test_headers_are_known_in_other_spellings():
    [entry] = data_of("Prompt,Negative Prompt,SEED\na,b,3\n", "csv", fields=FIELDS)
    assert entry == {"prompt": "a", "negative_prompt": "b", "seed": "3"}
    assert "is named by two columns" in refusal("prompt,Prompt\na,b\n", "csv", fields=FIELDS)


def test_lines_of_an_old_mac_end_in_cr():
    items = entries("a red barn\ra blue barn\r\r# note\ra green barn", "lines")
    assert [(item.line, item.data["prompt"]) for item in items] == [
        (1, "a red barn"),
        (2, "a blue barn"),
        (5, "a green barn"),
    ]


def test_a_line_that_ends_in_cr_has_the_same_limit():
    assert "in, line 2: is longer than the 1 MiB" in refusal("ok\r" + "x" * 1_100_000, "lines")


@pytest.mark.parametrize("name", ["prompts", "items", "entries"])
def test_an_object_around_the_entries_has_one_list(name):
    assert data_of(f'{{"{name}": ["a", {{"prompt": "b", "seed": 3}}]}}', "json") == TWO
    items = entries(f"{name}:\n- a\n- b\n", "yaml")
    assert [item.line for item in items] == [2, 3]


def test_lines_of_options_are_read_as_automatic1111_does():
    line = '--prompt "a castle" in fog --negative_prompt "trees, shrubs" --seed 350 --width 640'
    [first, second] = data_of(f"{line}\n--ar 16:9 is a prompt\n", "lines")
    assert first == {
        "prompt": "a castle in fog",
        "negative_prompt": "trees, shrubs",
        "seed": "350",
        "width": "640",
    }
    assert second == {"prompt": "--ar 16:9 is a prompt"}


def test_a_file_of_styles_is_no_file_of_prompts():
    text = "name,prompt,negative_prompt,\n--- LIGHT ---,,,\nGolden,warm light,,\n"
    assert "in, line 1: is a styles file of AUTOMATIC1111" in refusal(text, "csv", fields=FIELDS)
    storyboards = (*FIELDS, "name")
    assert data_of(text, "csv", fields=storyboards)[1] == {"name": "Golden", "prompt": "warm light"}


def test_a_text_that_yaml_splits_is_shown_with_advice():
    said = refusal("- a barn: red\n- a fox\n", "yaml", fields=FIELDS)
    assert said == (
        "in, line 1, entry 1: is a text with ': ' in it, which YAML splits; put it in quotation "
        "marks: 'a barn: red'"
    )


def test_one_object_is_one_entry():
    assert data_of('{"prompt": "a"}', "json") == data_of("prompt: a", "yaml") == [{"prompt": "a"}]


def test_plain_lines_skip_blanks_and_comments():
    items = entries("# for Monday\n\n  a cat \r\n#b\nc\n", "lines")
    assert [(item.number, item.line, item.data["prompt"]) for item in items] == [
        (1, 3, "a cat"),
        (2, 5, "c"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_tells_its_delimiter_and_leaves_empty_cells_out(delimiter):
    rows = ["id,prompt,seed", 'x,"a, ""b""\nc",', ",d,3"]
    text = "\r\n".join(rows).replace(",", delimiter)
    first, second = entries(text, "csv")
    assert first.data == {"id": "x", "prompt": f'a{delimiter} "b"\nc'}
    assert second.data == {"prompt": "d", "seed": "3"}
    assert (first.line, second.line) == (2, 4)


def test_yaml_words_stay_words():
    text = "[no, on, 2024-01-01, '12', 12:30, 007, 1_000, .inf, 0x1F, <<, y]"
    words = ["no", "on", "2024-01-01", "12", "12:30", "007", "1_000", ".inf", "0x1F", "<<", "y"]
    assert [data["prompt"] for data in data_of(text, "yaml")] == words
    assert data_of("{a: true, b: ~, c: -3, d: 1.5, e: !!str 5, f: }", "yaml") == [
        {"a": True, "b": None, "c": -3, "d": 1.5, "e": "5", "f": None}
    ]


def test_yaml_comments_after_nothing_are_comments_unless_they_seem_to_be_a_value():
    text = (
        "a: # a note\r\nb: '' #fff\r\nc: 😀é #fff\r\n"
        "d: ## a heading\r\ne:\r\n#f: g\r\nh: #i\r\n  j\r\nk: &l #"
    )
    found = {"a": None, "b": "", "c": "😀é", "d": None, "e": None, "h": "j", "k": None}
    assert data_of(text, "yaml") == [found]
    said = refusal("a: 😀é\r\nb: [é, ]\r\nc: #fff 😀\r\n", "yaml")
    assert "field 'c': is empty, since '#fff 😀' is a comment in YAML" in said


def test_yaml_entries_know_their_lines_and_small_aliases_are_read():
    items = entries("prompts:\n- prompt: a\n  mood: &m calm\n- prompt: b\n  mood: *m\n", "yaml")
    assert [(item.line, item.data["mood"]) for item in items] == [(2, "calm"), (4, "calm")]


BOMB = "a: &a [lol, lol]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("file_format", "text", "sentence"),
    [
        ("json", "", "in: holds no entries"),
        ("json", "[]", "in: holds no entries"),
        ("lines", "# only this\n\n", "in: holds no entries"),
        ("csv", "prompt,id\n", "in: holds no entries"),
        ("yaml", "# nothing\n", "in: holds no entries"),
        ("json", '[{"prompt": "a"},\n {"prompt" "b"}]', "in, line 2: is not JSON"),
        ("json", '{"prompt": "a"}\n{"prompt": "b"}', "one object per line is JSONL"),
        ("json", "7", "holds neither a list of prompts nor"),
        ("json", '{"prompts": [], "seed": 3}', "has 'seed' beside `prompts`"),
        ("json", '[{"seed": NaN}]', "in, entry 1, field 'seed': is NaN, which is not a number"),
        ("json", '[{"seed": -Infinity}]', "field 'seed': is -Infinity"),
        ("json", '[{"seed": 1e999}]', "field 'seed': is a number beyond the range"),
        ("json", '["a", {"seed": 1, "seed": 2}]', "in, entry 2, field 'seed': is given twice"),
        ("json", '[{"seed": ' + "9" * 5000 + "}]", "field 'seed': is a number of 5000 digits"),
        ("json", "[3, null]", "in, entry 2: must be a text or an object"),
        ("json", "[" * 200_000, "more than 32 deep"),
        ("json", '[{"a": ' + "[" * 40 + "]" * 40 + "}]", "more than 32 deep"),
        ("json", '["' + "x" * 1_100_000 + '"]', "entry 1: has 1100000 characters"),
        ("json", '["a\\ud800", "\x01"]', "is not JSON: Invalid control character"),
        ("yaml", "- a: [b\n- c", "in, line 3: is not YAML"),
        ("yaml", "- prompt: a\n  prompt: b\n", "in, line 1, entry 1, field 'prompt': is given"),
        ("yaml", "- ? [a]\n  : b\n", "is a list or an object used as the name"),
        ("yaml", "a: 1\n---\nb: 2\n", "in, line 2: holds several YAML documents"),
        ("yaml", "- !!python/object/apply:os.system [id]\n", "in, line 1: has the tag"),
        ("yaml", "- !secret a\n", "has the tag '!secret'"),
        ("yaml", "- {a: !!int x, b: !!float .nan}", "is tagged !!int and is not one"),
        ("yaml", "- {seed: " + "9" * 5000 + "}", "is a number of 5000 digits"),
        (
            "yaml",
            "- colours: #e8b04a\n",
            "in, line 1, entry 1, field 'colours': is empty, since '#e8",
        ),
        (
            "yaml",
            "- prompt: a\n  colours:\n  - #fff\n  - red\n",
            "write a value that starts with # in",
        ),
        ("yaml", BOMB, "has aliases that repeat too much"),
        ("yaml", "&a [*a]", "alias '*a' of something that is not complete before it"),
        ("yaml", "[*b]", "alias '*b'"),
        ("yaml", "[" * 200_000, "more than 32 deep"),
        ("yaml", "- " * 100_000, "more than 32 deep"),
        ("yaml", "{a: " * 100_000, "more than 32 deep"),
        ("yaml", "- {seed: [1}", "is not YAML"),
        ("yaml", "- a\x1b[31m", "is not YAML"),
        ("jsonl", '{"prompt": "a"}\n{"prompt": }\n', "in, line 2, entry 2: is not JSON"),
        ("jsonl", "[" * 100_000, "in, line 1, entry 1: holds lists and objects more than 32 deep"),
        ("csv", "prompt,id\na,b,c\nd\n", "in, line 2, entry 1: has 3 cells under 2 columns"),
        ("csv", 'prompt,id\n"a,b\n', "in, line 2: is not CSV in the row that starts here"),
        ("csv", "prompt,prompt\na,b\n", "field 'prompt': is named by two columns"),
        ("csv", "id,,prompt\na,b,c\n", "has no name over column 2"),
        ("csv", "prompt,,\na,,b\n", "in, line 2, entry 1: has 3 cells under 1 column;"),
        ("yaml", "- prompt: a barn: red\n", "put a text with ': ' in it in quotation marks"),
        ("lines", '--prompt "a castle" --steps 20', "has the option --steps, which has no effect"),
        ("lines", "--prompt a --colour red", "has the unknown option '--colour'"),
        ("lines", '--prompt "a castle', "in, line 1, entry 1: has an unmatched quotation mark"),
        ("lines", "--prompt a --seed", "has the option --seed without a value"),
        ("lines", "--seed 3 --seed 4", "has the option --seed twice"),
        (
            "lines",
            "a castle\nNegative prompt: trees\n",
            "in, line 2, entry 2: is part of AUTOMATIC1111",
        ),
        (
            "lines",
            "a castle\nSteps: 20, Sampler: Euler a\n",
            "in, line 2, entry 2: is part of",
        ),
        ("json", '{"items": [{"prompt": "a"}], "seed": 3}', "has 'seed' beside `items`"),
        ("lines", "ok\n" + "x" * 1_100_000, "in, line 2: is longer than the 1 MiB"),
        ("lines", "a\nb\0c\n", "in, line 2: holds a NUL at byte 3"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refusals(file_format, text, sentence):
    assert sentence in refusal(text, file_format)


@pytest.mark.parametrize("file_format", ["json", "yaml", "jsonl", "csv", "lines"])
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("prompt\nnaïve".encode("latin-1"), "line 2: is not UTF-8: byte 0xEF at offset 9"),
        (b"\xef\xbb\xbfa\xff", "byte 0xFF at offset 4"),
        ("prompt".encode("utf-16"), "is UTF-16 text, not UTF-8"),
        ("prompt".encode("utf-32"), "is UTF-32 text, not UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00", "in: is a workbook or an archive, not text; export it as"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "in: is a workbook or an archive, not text"),
        (b"{\\rtf1\\ansi a barn}", "in: is rich text (RTF); save it as plain text"),
    ],
)
def test_what_is_not_utf8_is_refused_with_the_place(file_format, data, sentence):
    assert sentence in refusal(data, file_format)


def test_csv_columns_are_checked_once():
    said = refusal("promt,id,prompt\na,b,c\nd,e,f\n", "csv", fields=["prompt", "id"])
    assert said == "in, line 1, field 'promt': is not a known column; did you mean 'prompt'?"


def test_csv_without_a_header_says_so():
    said = refusal("a red cat\nfoo\n", "csv", fields=["prompt", "id"])
    assert "in, line 1: names no known column ('a red cat'); the first row must name" in said


def test_jsonl_goes_on_after_a_bad_line():
    said = refusal('{\n"ok"\n[1]\n', "jsonl").splitlines()
    assert [line.split(":")[0] for line in said] == ["in, line 1, entry 1", "in, line 3, entry 3"]


@pytest.mark.parametrize(
    ("text", "file_format"),
    [
        ('[{"prompt": "a"}]', "json"),
        ('{\n"prompt": "a"}', "json"),
        ('{"prompt": "a"}', "json"),
        ('{"prompt": "a"}\n{"prompt": "b"}', "jsonl"),
        ("# note\n- prompt: a", "yaml"),
        ("---\nx: y", "yaml"),
        ("prompts:\n  - a", "yaml"),
        ("prompt: a", "yaml"),
        ("id,prompt\nx,a", "csv"),
        ("prompt\na", "csv"),
        ("A cat, a dog", "lines"),
        ("Portrait: a woman", "lines"),
        ("", "lines"),
    ],
)
def test_the_format_is_told_from_the_content(text, file_format):
    assert detect(b"\xef\xbb\xbf" + text.encode()) == file_format


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", '["x"]'),
        ("a.YML", "- x"),
        ("a.jsonl", '"x"'),
        ("a.tsv", "id\tprompt\n1\tx"),
        ("a.txt", "x"),
        ("prompts", '["x"]'),
    ],
)
def test_the_name_tells_the_format(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    assert [entry.data["prompt"] for entry in open_entries(path)] == ["x"]


def file_refusal(path):
    with pytest.raises(InputError) as caught:
        list(open_entries(path))
    return str(caught.value)


def test_files_that_are_no_files_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    assert "is a named pipe, not a regular file; use -" in file_refusal(tmp_path / "pipe.json")
    assert "is a folder, not a regular file" in file_refusal(tmp_path)
    assert "is a device, not a regular file" in file_refusal("/dev/zero")
    assert "holds a NUL" in file_refusal("a\0b")
    assert "cannot be read: File name too long" in file_refusal("x" * 5000)


def test_a_missing_file_offers_the_nearest_name(tmp_path):
    (tmp_path / "prompts.json").touch()
    assert "does not exist; did you mean 'prompts.json'?" in file_refusal(tmp_path / "promts.json")
    assert file_refusal(tmp_path / "zzz").endswith("does not exist")
    assert "neither does its folder" in file_refusal(tmp_path / "no" / "prompts.json")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_file_is_refused(tmp_path):
    (tmp_path / "a.json").touch(mode=0)
    assert "cannot be read: Permission denied" in file_refusal(tmp_path / "a.json")


def test_huge_files_are_refused_unread(tmp_path):
    for name, size, sentence in (
        ("a.jsonl", 2 << 30, "has 2048.0 MiB, more than the 1024 MiB that are read"),
        ("a.json", 65 << 20, "is larger than the 64 MiB"),
        ("a.yaml", 17 << 20, "is larger than the 16 MiB"),
    ):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
        assert sentence in file_refusal(tmp_path / name)


class Endless(io.RawIOBase):
    """JSONL without an end that counts what was taken."""

    def __init__(self):
        self.taken = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        line = b'{"prompt": "a lighthouse"}\n'
        size = len(buffer) // len(line) * len(line)
        buffer[:size] = line * (size // len(line))
        self.taken += size
        return size


@pytest.mark.parametrize("file_format", ["jsonl", "lines"])
def test_streams_are_read_only_as_far_as_they_are_used(file_format):
    stream = Endless()
    items = open_entries(cast("BinaryIO", stream), file_format=file_format)
    numbers = [next(items).number for _ in range(10_000)]
    items.close()  # type: ignore[attr-defined]
    assert numbers[-1] == 10_000
    assert stream.taken <= 10_000 * 27 + 2 * 65536
    assert not stream.closed


def test_an_endless_stream_ends_at_a_limit(monkeypatch):
    monkeypatch.setattr("engine.intake.source.MAX_STREAMED_BYTES", 1 << 20)
    with pytest.raises(InputError, match="is larger than the 1 MiB that are read"):
        list(open_entries(cast("BinaryIO", Endless()), file_format="jsonl"))


def test_too_many_entries_are_refused(monkeypatch):
    monkeypatch.setattr("engine.intake.readers.MAX_ENTRIES", 2)
    assert "holds more than 2 entries" in refusal("a\nb\nc", "lines")


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"- a\n- b\n")))
    assert [item.data["prompt"] for item in open_entries("-")] == ["a", "b"]
    monkeypatch.setattr(sys, "stdin", None)
    assert "standard input: is closed" in file_refusal("-")


def test_a_stream_that_fails_is_a_refusal():
    class Broken(Endless):
        def readinto(self, buffer):
            raise IsADirectoryError(21, "Is a directory")

    assert "standard input: cannot be read: Is a directory" in file_refusal(Broken())


def test_echoed_text_is_clean():
    said = refusal('[{"\\u001b[31m\\u202eid": NaN}]', "json")
    assert said == "in, entry 1, field 'id': is NaN, which is not a number of JSON"
