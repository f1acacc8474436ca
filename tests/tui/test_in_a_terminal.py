"""The program itself in a real pseudo-terminal: opened, left, hung up on, refused."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pexpect
import psutil
import pyte
import pytest

from tests.support import media_files as media
from tests.support.effort import cases
from tests.support.engines import Toy
from tests.support.programs import FakePrograms, is_alive
from tests.tui.support import Place
from tests.tui.test_kinds_on_screen import keep

PATIENCE = 30.0
COLOURS = [
    pytest.param({}, id="256"),
    pytest.param({"NO_COLOR": "1"}, id="no-color", marks=pytest.mark.slow),
]
CLEAN = {"TERM": "xterm-256color"} | dict.fromkeys(
    ("COLORTERM", "NO_COLOR", "TMUX", "COLUMNS", "LINES"), ""
)


class Terminal:
    """A terminal of a size with a program in it."""

    def __init__(self, arguments: list[str], size: tuple[int, int] = (80, 24), **env: str) -> None:
        columns, lines = size
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        environment = {**os.environ, **CLEAN, **env}
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "safelight", *arguments],
            env={key: value for key, value in environment.items() if value},
            dimensions=(lines, columns),
            encoding=None,
            cwd=str(Path(__file__).parents[2]),
        )
        self.child.delaybeforesend = None
        self.child.ptyproc.delayafterclose = 0.01
        self.sent = b""

    def read(self) -> None:
        try:
            data = self.child.read_nonblocking(65536, timeout=0.1)
        except (pexpect.TIMEOUT, pexpect.EOF):
            return
        self.sent += data
        self.stream.feed(data.replace(b"\x1b[?2026$p", b"").replace(b"\x1b[>25u", b""))

    def shows(self, *texts: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.read()
            text = "\n".join(self.screen.display)
            if all(part in text for part in texts):
                return
        raise AssertionError(f"{texts} not shown:\n" + "\n".join(self.screen.display))

    def hang_up(self) -> bool:
        """The terminal goes away, as when a window is closed; whether the program ends then."""
        process = psutil.Process(self.child.pid)
        self.child.ptyproc.fileobj.close()
        self.child.ptyproc.closed = self.child.closed = True
        gone, _ = psutil.wait_procs([process], timeout=PATIENCE)
        self.child.ptyproc.terminated = self.child.terminated = bool(gone)
        return bool(gone)

    def ends(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.child.isalive() and time.monotonic() < deadline:
            self.read()
        self.read()
        assert not self.child.isalive()


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        try:
            terminal.child.close(force=True)
        except pexpect.ExceptionPexpect:  # killed, but not gone within a tenth of a second
            terminal.child.wait()


def open_in(terminals: list[Terminal], place: Place | Toy, *more: str, **env: Any) -> Terminal:
    terminals.append(Terminal(["--workspace", str(place.root), *more], **env))
    return terminals[-1]


@pytest.fixture
def busy(place: Place) -> Place:
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(2)
    place.turn(ids[0], 1, 70)
    place.end(ids[0], 70)
    place.fail(ids[1], "The model is gone.", "Choose another.")
    return place


def test_finds_the_worst_job_sees_why_and_retries(terminals, busy: Place) -> None:
    terminal = open_in(terminals, busy)
    terminal.shows("b1 evening", "Open", "Help")
    terminal.child.send(b"\r")
    terminal.shows("two", "The model is gone")
    terminal.child.send(b"f")
    terminal.shows("state:failed,parked", "1/1 of 2")
    terminal.child.send(b"t")
    terminal.shows("j2 (two) continues")
    terminal.child.send(b"q")
    terminal.ends()
    assert b"No engine runs" in terminal.sent
    assert busy.read("SELECT state FROM jobs WHERE id = 2") == [("queued",)]


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"NO_COLOR": "1"}, id="no-color"),
        pytest.param({"TERM": "linux"}, id="16-linux", marks=pytest.mark.slow),
        pytest.param({"TERM": "xterm"}, id="256-xterm"),
        pytest.param({"COLORTERM": "truecolor"}, id="true", marks=pytest.mark.slow),
    ],
)
def test_any_colours(terminals, busy: Place, env: dict[str, str]) -> None:
    terminal = open_in(terminals, busy, **env)
    terminal.shows("b1 evening", "▌")
    terminal.child.send(b"\r")
    terminal.shows("✓ one", "✗ two")
    assert (b"38;2;" in terminal.sent) == ("COLORTERM" in env)
    assert (b"38;5;" in terminal.sent) == (env.get("TERM") == "xterm" or "NO_COLOR" in env)


def test_a_dumb_terminal_is_refused_with_a_sentence(terminals, busy: Place) -> None:
    terminal = open_in(terminals, busy, TERM="dumb")
    terminal.ends()
    assert b"TERM=dumb cannot show" in terminal.sent
    assert terminal.child.exitstatus == 2


def test_without_a_terminal_it_is_the_help(busy: Place) -> None:
    command = [sys.executable, "-m", "safelight", "--workspace", str(busy.root)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0
    assert "Usage: safelight" in done.stdout


@cases("term", ["", "dumb"], usual=1)
def test_a_driver_that_stands_for_a_terminal_opens_it(busy: Place, term: str) -> None:
    """As under textual-serve: packets on pipes, and nothing else among them."""
    driver = "textual.drivers.web_driver:WebDriver"
    environment = {**os.environ, **CLEAN, "TEXTUAL_DRIVER": driver, "TERM": term}
    child = subprocess.Popen(
        [sys.executable, "-m", "safelight", "--read-only", "-w", str(busy.root)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={key: value for key, value in environment.items() if value},
        cwd=str(Path(__file__).parents[2]),
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == b"__GANGLION__\n"
    sent = list(packets(child.stdout, until=b"evening"))
    quit_ = b'{"type": "quit"}'
    child.stdin.write(b"M" + len(quit_).to_bytes(4, "big") + quit_)
    child.stdin.flush()
    sent += packets(child.stdout)
    _, errors = child.communicate(timeout=PATIENCE)
    assert (child.returncode, errors) == (0, b"")
    assert any(b"read-only" in packet for packet in sent)
    assert sent[-1] == b'{"type": "exit"}'


def packets(stream: IO[bytes], until: bytes | None = None) -> Iterator[bytes]:
    """Payloads of Textual's packets, to the one that contains something or to the stream's end."""
    while head := stream.read(5):
        assert head[:1] in {b"D", b"M", b"P"}
        payload = stream.read(int.from_bytes(head[1:], "big"))
        yield payload
        if until is not None and until in payload:
            return


@pytest.mark.parametrize("arguments", [["--read-only", "x"], ["-w"], ["-w", "/nowhere/at/all"]])
def test_wrong_options_are_a_sentence(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "safelight", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Usage: safelight" in done.stderr


def test_help_needs_no_textual() -> None:
    code = "import sys; sys.argv = ['safelight', '--help']\n"
    code += "from safelight.__main__ import main; main()\n"
    code += "assert 'textual' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_terminal_that_vanishes_ends_it(terminals, busy: Place) -> None:
    terminal = open_in(terminals, busy)
    terminal.shows("b1 evening")
    assert terminal.hang_up()


@pytest.mark.slow
def test_a_vanished_terminal_is_noticed_without_a_signal(terminals, busy: Place) -> None:
    """As under nohup, or where the shell keeps the signal to itself."""
    code = (
        "import signal, sys; sys.argv = ['safelight', '--workspace', sys.argv[1]]\n"
        "from safelight.__main__ import main\n"
        "keep = signal.signal\n"
        "signal.signal = lambda n, h: keep(n, signal.SIG_IGN if n == signal.SIGHUP else h)\n"
        "main()"
    )
    terminal = open_in(terminals, busy)
    terminal.child.close(force=True)
    environment = {**os.environ, **{k: v for k, v in CLEAN.items() if v}}
    terminal.child = pexpect.spawn(
        sys.executable, ["-c", code, str(busy.root)], env=environment, encoding=None,
        cwd=str(Path(__file__).parents[2]),
    )  # fmt: skip
    terminal.shows("b1 evening")
    assert terminal.hang_up()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "darwin", reason="a display is told otherwise")
@pytest.mark.parametrize("leaves", ["q", "hang up"])
def test_a_player_is_silent_and_ends_with_the_dashboard(
    terminals, place: Place, tmp_path: Path, leaves: str
) -> None:
    programs = FakePrograms(tmp_path / "bin")
    programs.add("mpv", seconds=120)
    (job,) = place.job_ids(place.batch("sounds", ["rain"]))
    place.claim(1)
    keep(place, job, "iteration-1", media.wav())
    place.end(job)
    terminal = open_in(
        terminals, place, PATH=programs.path, TMPDIR=str(tmp_path), SSH_CONNECTION="", SSH_TTY=""
    )
    terminal.shows("b1 sounds")
    terminal.child.send(b"\r")
    terminal.shows("peak")
    terminal.child.send(b"o")
    terminal.shows("Playing j1-best", "playing · O stops", "peak")
    deadline = time.monotonic() + PATIENCE
    while not programs.calls and time.monotonic() < deadline:
        terminal.read()
    (call,) = programs.calls
    assert is_alive(call["pid"])
    if leaves == "q":
        terminal.child.send(b"q")
        terminal.ends()
    else:
        assert terminal.hang_up()
    assert not is_alive(call["pid"])
    assert b"NOISE" not in terminal.sent
    assert b"owned" not in terminal.sent


@pytest.mark.slow
@pytest.mark.parametrize("env", COLOURS)
def test_jobs_are_compared_at_any_size(terminals, place: Place, env: dict[str, str]) -> None:
    ids = place.job_ids(place.batch("evening", ["one", "two"]))
    place.claim(2)
    for number, job in enumerate(ids):
        place.turn(job, 1, 50 + number, prompt=f"a lamp of {number} flames")
        place.end(job, 50 + number)
    terminal = open_in(terminals, place, **env)
    terminal.shows("b1 evening")
    terminal.child.send(b"\r")
    terminal.shows("✓ one", "✓ two")
    terminal.child.send(b"=")
    terminal.shows(
        "50.0 one",
        "51.0 two",
        "prompt of two, against one",
        "[-0-]{+1+}" if "NO_COLOR" in env else "0 1 flames",
    )
    terminal.child.setwinsize(50, 200)
    terminal.screen.resize(50, 200)
    terminal.shows("51.0 two", "Blink")
    terminal.child.send(b"\x1b")
    terminal.shows("Faults")
    terminal.child.send(b"q")
    terminal.ends()


@pytest.mark.slow
def test_a_storm_of_resizes(terminals, busy: Place) -> None:
    terminal = open_in(terminals, busy)
    terminal.shows("b1 evening")
    terminal.child.send(b"\r")
    terminal.shows("✗ two")
    for n in range(40):
        terminal.child.setwinsize(3 + 7 * n % 50, 10 + 13 * n % 150)
        terminal.read()
    terminal.child.setwinsize(24, 80)
    terminal.screen.reset()
    terminal.child.send(b"\x1b")
    terminal.shows("b1 evening", "best")


def test_the_engine_outlives_the_dashboard(terminals, tmp_path: Path) -> None:
    """Starts an engine from the dashboard, leaves, and finds it again."""
    place = Place(tmp_path / "workspace")
    place.batch("evening", ["one"])
    terminal = open_in(terminals, place)
    terminal.shows("b1 evening", "no engine")
    terminal.child.send(b"E")
    terminal.shows("Start engine")
    terminal.child.send(b"\r")
    terminal.shows("▸ engine")
    terminal.child.send(b"q")
    terminal.ends()
    assert b"keeps running without the dashboard" in terminal.sent
    pid = place.read("SELECT pid FROM engines")[0][0]
    try:
        assert psutil.pid_exists(pid)
        again = open_in(terminals, place)
        again.shows("▸ engine", str(pid))
        again.child.send(b"E")
        again.shows("Stop engine")
        again.child.send(b"j\r")
        again.shows("Stop engine?")
        again.child.send(b"y")
        again.shows("○ no engine")
    finally:
        if psutil.pid_exists(pid):
            os.kill(pid, signal.SIGKILL)


def await_calls(terminal: Terminal, programs: FakePrograms, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(programs.calls) < number and time.monotonic() < deadline:
        terminal.read()
    assert len(programs.calls) == number


@pytest.mark.slow
@pytest.mark.parametrize("env", COLOURS)
def test_takes_are_drawn_heard_in_turn_and_silent(
    terminals, place: Place, tmp_path: Path, env: dict[str, str]
) -> None:
    pytest.importorskip("soundfile", reason="the extra audio is not installed")
    programs = FakePrograms(tmp_path / "bin")
    programs.add("mpv", seconds=120)
    (job,) = place.job_ids(place.batch("sounds", ["rain"]))
    place.claim(1)
    for number in (1, 2):
        keep(place, job, f"iteration-1/take-{number}", media.wav(2.0 + number, channels=2))
    place.end(job)
    terminal = open_in(
        terminals, place, PATH=programs.path, TMPDIR=str(tmp_path), SSH_CONNECTION="", **env
    )
    terminal.shows("b1 sounds")
    terminal.child.send(b"\r")
    terminal.shows("LUFS")
    terminal.child.send(b"\r")
    terminal.shows("take 2")
    terminal.child.send(b"=")
    terminal.shows("take 1", "take 2", "LUFS", "phase", "0:03.0", "0:04.0", "▀▀▀")
    terminal.child.send(b"o")
    terminal.shows("playing · O stops")
    await_calls(terminal, programs, 1)  # one that is ended before it has begun notes no call
    terminal.child.send(b"\t")
    await_calls(terminal, programs, 2)
    first, second = programs.calls
    assert "take-2" in first["arguments"][-1]
    assert "take-1" in second["arguments"][-1]
    assert second["arguments"][0].startswith("--start=")
    terminal.child.send(b"q")
    terminal.ends()
    assert not is_alive(second["pid"])
    assert b"NOISE" not in terminal.sent
