"""Everything that handlers of one server share."""

import asyncio
import contextlib
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cached_property

from engine.api.auth.uses import TokenUses
from engine.api.readers import ReaderPool
from engine.api.serving.changes import Changes
from engine.api.serving.receipts import Receipts
from engine.api.serving.remembered import Remembered
from engine.client.workspace import Workspace
from engine.config.api_settings import ApiSettings

log = logging.getLogger(__name__)

UPKEEP_SECONDS = 60.0
WEBHOOK_SECONDS = 1.0


class Services:
    """The workspace of a server, with what its requests share.

    Args:
        workspace: The workspace.
        read_only: Refuse everything that writes, whatever a token permits.

    Attributes:
        readers: Readers of the store.
        receipts: Answers to requests with an idempotency key.
        changes: Tells of changes of the store, and has the newest events.
        remembered: Results of reads that hold until the store changes.
        uses: Uses of tokens, to be written down.
        streams: Number of open event streams by principal.
        describe: Returns the OpenAPI document.
    """

    def __init__(self, workspace: Workspace, *, read_only: bool = False) -> None:
        self.workspace = workspace
        self.read_only = read_only
        self.readers = ReaderPool(workspace.store)
        self.receipts = Receipts(workspace.store, self.readers)
        self.changes = Changes(workspace.store)
        self.remembered = Remembered(workspace.store)
        self.uses = TokenUses()
        self.streams: Counter[str] = Counter()
        self.describe: Callable[[], bytes] = bytes

    @cached_property
    def settings(self) -> ApiSettings:
        """The settings of the API, as they were when the server started."""
        return self.workspace.settings.api

    @cached_property
    def openapi(self) -> bytes:
        """The OpenAPI document of this server, as JSON."""
        return self.describe()

    @property
    def max_body(self) -> int:
        """Maximum number of bytes of a JSON body."""
        return int(self.settings.max_body_mb * 1_000_000)

    @property
    def max_upload(self) -> int:
        """Maximum number of bytes of an uploaded file."""
        return int(self.settings.max_upload_mb * 1_000_000)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do what has to be done beside requests while the server runs."""
        duties = [
            asyncio.create_task(duty)
            for duty in (self._keep_up(), self._send_webhooks(), self.changes.poll())
        ]
        try:
            yield
        finally:
            for duty in duties:
                duty.cancel()
            await asyncio.gather(*duties, return_exceptions=True)
            self.close()

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            await asyncio.to_thread(self.uses.flush, self.workspace.store)

    async def _send_webhooks(self) -> None:
        """Send the events that are due, as an engine does while one runs."""
        with contextlib.closing(self.workspace.store.reader()) as reader:
            sender = self.workspace.webhooks.sender(reader)
            while True:
                try:
                    await sender.look()
                except sqlite3.Error as error:
                    log.warning("webhooks are left until the next time: %s", error)
                await asyncio.sleep(WEBHOOK_SECONDS)

    def close(self) -> None:
        """Write down what is left and close the readers."""
        self.uses.flush(self.workspace.store)
        self.readers.close()
        self.remembered.close()
