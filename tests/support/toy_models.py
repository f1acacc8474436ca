"""Models for hosts, in plain Python: what they do is said by their options, as JSON.

Options: `most` (tasks at once), `size` (bytes), `offloaded` (bytes once offloaded), `memory`
(tasks at once that there is memory for), `restores` (whether it can take an offloading back), `log`
(a file that what it does is written to), `share` (key of a part that it shares), `load` (how
loading fails).
"""

import gc
import hashlib
import json
import logging
import os
import pickle
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.contract import (
    BatchReporter,
    Blocked,
    LoadContext,
    ModelKey,
    Permanent,
    Retryable,
    Task,
)

STEP = 0.002


class ToyModel:
    """Answers in upper case, with the tasks that were done together."""

    def __init__(self, options: dict[str, Any], place: LoadContext) -> None:
        self.options = options
        self.place = place
        self.most: int = options.get("most", 8)
        self.is_offloaded = False
        self.part = place.shared(options["share"], object) if "share" in options else None
        if options.get("restores"):
            self.restore = self._restore

    def note(self, what: str) -> None:
        """Writes a line that tests read."""
        if path := self.options.get("log"):
            with Path(path).open("a") as file:
                file.write(f"{os.getpid()} {self.options.get('name', '')} {what}\n")

    def run(
        self, operation: str, payloads: Sequence[Any], reporter: BatchReporter
    ) -> Sequence[Any]:
        self.note(f"{operation} {len(payloads)}")
        room = self.options.get("memory", 1000)
        if len(payloads) > room * (2 if self.is_offloaded else 1):
            raise MemoryError(f"no room for {len(payloads)}")
        return [
            getattr(self, operation)(number, given, reporter, len(payloads))
            for number, given in enumerate(payloads)
        ]

    # -- operations -------------------------------------------------------------------------------

    def say(self, _number: int, given: Any, _reporter: BatchReporter, together: int) -> Any:
        return {
            "said": str(given).upper(),
            "together": together,
            "pid": os.getpid(),
            "device": self.place.device,
            "offloaded": self.is_offloaded,
        }

    def rest(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        """Is busy for a while."""
        time.sleep(given[1])
        return given[0]

    def work(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        """Notes that it begins, works for some seconds, and returns what it was given."""
        with Path(given["log"]).open("a") as file:
            file.write(f"{given['id']} {os.getpid()}\n")
        time.sleep(given["seconds"])
        return {"id": given["id"], "pid": os.getpid(), "data": given.get("data")}

    def bar(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        """Counts with a bar, as libraries do while they load."""
        from tqdm import tqdm

        return len(list(tqdm([given], disable=True)))

    def variable(self, _number: int, given: str, _reporter: BatchReporter, _together: int) -> Any:
        """A fingerprint of a variable of the environment, which may be a secret."""
        return hashlib.sha256(os.environ.get(given, "").encode()).hexdigest()

    def tight(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        return given

    def log(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        logging.getLogger(__name__).warning("%s", given)
        return given

    def wait_for(self, number: int, given: str, reporter: BatchReporter, together: int) -> Any:
        """Works until a file is there, or it is given up."""
        path, told = Path(given), Path(f"{given}.begun")
        told.touch()
        while not path.exists():
            if reporter.is_given_up(number):
                self.note("given up")
                return None
            time.sleep(STEP)
        return together

    def paint(self, number: int, given: str, reporter: BatchReporter, together: int) -> Any:
        """Shows how far it is, then waits."""
        reporter.progress(number, 0.25, "a quarter")
        reporter.preview(number, b"an image")
        return self.wait_for(number, given, reporter, together)

    def hang(self, _number: int, given: str, _reporter: BatchReporter, _together: int) -> Any:
        Path(given).write_text(str(os.getpid()))
        while True:
            time.sleep(STEP)

    def draw(self, number: int, given: Any, reporter: BatchReporter, _together: int) -> Any:
        reporter.progress(number, 0.5, f"half of {given}")
        reporter.preview(number, f"preview of {given}".encode())
        return given

    def wait_and_die(self, number: int, given: str, reporter: BatchReporter, together: int) -> Any:
        self.wait_for(number, given, reporter, together)
        os._exit(5)

    def babble(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        """Says to the engine what no host of ours says."""
        for pipe in [each for each in gc.get_objects() if isinstance(each, Connection)]:
            if pipe.readable and pipe.writable:
                pipe.send_bytes(pickle.dumps(Hostile()))
        return given

    def die(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        """Dies by a file's name, once: the second time the file is there."""
        if not given:
            return "alive"
        path = Path(given)
        if not path.exists():
            path.touch()
            os._exit(3)
        return "alive"

    def die_always(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        if given == "poison":
            print("last words of a host", flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return given

    def fail(self, _number: int, given: Any, _reporter: BatchReporter, _together: int) -> Any:
        match given:
            case "permanent":
                raise Permanent("That will never work.", remedy="Ask something else.", cost=7)
            case "blocked":
                return Blocked("No weights.", reason="weights", remedy="Pull them.")
            case "retryable":
                return Retryable("Not now.", retry_after=0.0, pressure="overload")
            case "bug":
                raise ZeroDivisionError("a secret place in the code")
            case "cuda":
                raise RuntimeError("CUDA error: an illegal memory access was encountered")
            case "object":
                return Hostile()
            case "lambda":
                return lambda: None
        return given

    # -- what a host asks -------------------------------------------------------------------------

    def size(self) -> int:
        if self.is_offloaded:
            return int(self.options.get("offloaded", self.options.get("size", 0)))
        return int(self.options.get("size", 0))

    def offload(self) -> None:
        self.note("offload")
        self.is_offloaded = True

    def _restore(self) -> None:
        self.note("restore")
        if self.options["restores"] == "fails":
            raise MemoryError("no room for all of it")
        self.is_offloaded = False

    def close(self) -> None:
        self.note("close")


class Hostile:
    """Would write a file where it is unpickled."""

    def __reduce__(self) -> Any:
        return Path.touch, (Path("hostile"),)


class Short(ToyModel):
    """Gives one answer too few."""

    def run(
        self, operation: str, payloads: Sequence[Any], reporter: BatchReporter
    ) -> Sequence[Any]:
        return list(super().run(operation, payloads, reporter))[1:]


def load(options: str, place: LoadContext) -> ToyModel:
    """Loads a toy."""
    said = json.loads(options)
    model = ToyModel(said, place)
    model.note("load")
    match said.get("load"):
        case "blocked":
            raise Blocked("The weights are not here.", reason="weights", remedy="Pull them.")
        case "memory":
            raise MemoryError
        case "bug":
            raise LookupError("no such layer")
        case "die":
            os._exit(4)
        case "wait":
            while not Path(said["until"]).exists():
                time.sleep(STEP)
    return model


def load_short(options: str, place: LoadContext) -> Short:
    """Loads a toy that miscounts."""
    return Short(json.loads(options), place)


def key(name: str = "toy", *, loader: str = "load", device: str = "", **options: Any) -> ModelKey:
    """The key of a toy."""
    text = json.dumps({"name": name, **options}, sort_keys=True)
    return ModelKey(f"{__name__}:{loader}", text, name, device)


def task(
    payload: Any, operation: str = "say", model: ModelKey | None = None, group: str = ""
) -> Task:
    """A task for a toy."""
    return Task(model or key(), operation, payload, group)
