"""Errors of use share one base; what a recipe or a file got wrong is no fault of the store."""

import errno
import json
import sqlite3

import pytest
from pydantic import TypeAdapter, ValidationError

from db.errors import StoreMissing
from engine.cli.trouble import BAD_USAGE, PARKED, as_click
from engine.client.errors import as_user_error
from engine.client.ids import UnknownId
from engine.client.workspace import open_workspace
from engine.config.process.limits import LimitTooLow
from engine.config.settings import SettingsError
from engine.config.trust.guard import UntrustedDestination
from engine.contract import UserError
from engine.contract.folder import ExportError
from engine.intake import InputError
from engine.plugins.catalog import BackendSettingsError, UnknownName
from engine.queueing.import_results import ImportRefused
from engine.queueing.money.prices import PricesError
from engine.queueing.queue import QueueError
from engine.runtime.intake_lock import IntakeBusy
from engine.runtime.lock import WorkspaceBusy
from engine.runtime.store_gone import StoreGone


def _invalid() -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(int).validate_python("x")
    return caught.value


@pytest.mark.parametrize(
    "kind",
    [
        UnknownId,
        SettingsError,
        PricesError,
        ExportError,
        BackendSettingsError,
        UnknownName,
        LimitTooLow,
        ImportRefused,
        QueueError,
        StoreGone,
    ],
)
def test_an_error_of_use_has_a_message_and_a_remedy(kind: type[UserError]) -> None:
    error = kind("It is wrong.", remedy="Do this.")
    assert as_user_error(error) is error
    assert (error.message, error.remedy, str(error)) == (
        "It is wrong.",
        "Do this.",
        "It is wrong. Do this.",
    )


def test_the_others_carry_their_own_words() -> None:
    assert as_user_error(WorkspaceBusy(12, "here")) is not None
    assert as_user_error(IntakeBusy()) is not None
    refused = as_user_error(InputError.of("x.json", "is empty"))
    assert str(refused) == "x.json: is empty"
    missing = as_user_error(StoreMissing("There is no store."))
    assert str(missing) == "There is no store."


def test_what_waits_for_the_user_has_an_exit_code_of_its_own(tmp_path) -> None:
    waits = as_click(UntrustedDestination(tmp_path, ["http://x"], ["KEY"]))
    wrong = as_click(QueueError("No."))
    assert waits is not None
    assert wrong is not None
    assert (waits.exit_code, wrong.exit_code) == (PARKED, BAD_USAGE)


def test_a_full_disk_is_a_sentence_with_a_remedy() -> None:
    found = as_user_error(OSError(errno.ENOSPC, "No space left on device"))
    assert found is not None
    assert found.remedy == "See: safelight doctor"


@pytest.mark.parametrize(
    "error",
    [json.JSONDecodeError("bad", "{", 0), _invalid(), UnicodeDecodeError("utf-8", b"x", 0, 1, "")],
)
def test_text_that_cannot_be_decoded_is_blamed_on_the_store_only_if_it_comes_from_there(
    tmp_path, error: Exception
) -> None:
    assert as_user_error(error) is None  # a bug, or somebody's recipe: a traceback is the answer
    workspace = open_workspace(tmp_path)
    with pytest.raises(UserError, match="The store holds something") as caught, workspace.reading():
        raise error
    assert "doctor" in caught.value.remedy


def test_other_errors_of_reading_pass_as_they_are(tmp_path) -> None:
    workspace = open_workspace(tmp_path)
    with (
        pytest.raises(sqlite3.OperationalError, match="no such table"),
        workspace.reading() as connection,
    ):
        connection.execute("SELECT * FROM no_table")
    with pytest.raises(UnknownId), workspace.reading():
        raise UnknownId("Nothing.")
