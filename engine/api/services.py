"""Everything that handlers of one server share."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property

from engine.api.auth.uses import TokenUses
from engine.api.readers import ReaderPool
from engine.client.workspace import Workspace
from engine.config.api_settings import ApiSettings

UPKEEP_SECONDS = 60.0


class Services:
    """The workspace of a server, with what its requests share.

    Args:
        workspace: The workspace.
        read_only: Refuse everything that writes, whatever a token permits.

    Attributes:
        readers: Readers of the store.
        uses: Uses of tokens, to be written down.
        streams: Number of open event streams by principal.
    """

    def __init__(self, workspace: Workspace, *, read_only: bool = False) -> None:
        self.workspace = workspace
        self.read_only = read_only
        self.readers = ReaderPool(workspace.store)
        self.uses = TokenUses()
        self.streams: Counter[str] = Counter()

    @cached_property
    def settings(self) -> ApiSettings:
        """The settings of the API, as they were when the server started."""
        return self.workspace.settings.api

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do what has to be done beside requests while the server runs."""
        upkeep = asyncio.create_task(self._keep_up())
        try:
            yield
        finally:
            upkeep.cancel()
            await asyncio.gather(upkeep, return_exceptions=True)
            self.close()

    async def _keep_up(self) -> None:
        while True:
            await asyncio.sleep(UPKEEP_SECONDS)
            await asyncio.to_thread(self.uses.flush, self.workspace.store)

    def close(self) -> None:
        """Write down what is left and close the readers."""
        self.uses.flush(self.workspace.store)
        self.readers.close()
