"""Webhooks of a workspace: added, listed, ended, and their deliveries tried again."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from db.queries import webhooks as queries
from db.rows import DeliveryRow, WebhookRow
from db.store import Store
from db.writes import webhooks as writes
from db.writes.webhooks import USUAL_TYPES, WEBHOOK_TYPES
from engine.client.ids import UnknownId, find_batch
from engine.client.reading import reading
from engine.config.paths import WorkspacePaths
from engine.config.settings import Settings, load_environment
from engine.text.errors import UserError
from engine.text.terminal import quoted

if TYPE_CHECKING:
    from engine.runtime.webhooks.sender import WebhookSender


class Webhooks:
    """The webhooks of a workspace.

    Args:
        paths: Its folders.
        store: Its store.
        settings: Its settings.
    """

    def __init__(self, paths: WorkspacePaths, store: Store, settings: Settings) -> None:
        self._paths = paths
        self._store = store
        self._settings = settings

    def add(self, url: str, types: Sequence[str] = (), batch: str | None = None) -> int:
        """Add a webhook; return its number.

        Args:
            url: Its address.
            types: Types of the events that it gets, of `WEBHOOK_TYPES`; none for `USUAL_TYPES`.
            batch: Its batch; None for all batches.

        Raises:
            UserError: The address is not allowed, a type is unknown, or there is no secret.
            UntrustedHost: Only files of the workspace name its host.
            UnknownId: There is no such batch.
        """
        chosen = checked_types(types)
        self.check(url)
        with reading(self._store) as connection:
            batch_id = None if batch is None else find_batch(connection, batch).id
        with self._store.intake() as write:
            return write(lambda c: writes.add_webhook(c, batch_id, url.strip(), chosen))

    def check(self, url: str) -> None:
        """Check an address; errors as for `add`."""
        from engine.runtime.webhooks.permission import check_webhook

        root = self._paths.root
        check_webhook(url, root, self._settings, load_environment(root, self._settings.given))

    def sender(self, reader: sqlite3.Connection) -> "WebhookSender":
        """Return a sender of what is due, for a process beside the engine.

        Args:
            reader: A connection of the event loop's.
        """
        from engine.runtime.live_settings import LiveSettings
        from engine.runtime.webhooks.sender import WebhookSender

        def write(operation: Callable[[sqlite3.Connection], Any]) -> Any:
            with self._store.intake() as transaction:
                return transaction(operation)

        async def write_beside(operation: Callable[[sqlite3.Connection], Any]) -> Any:
            return await asyncio.to_thread(write, operation)

        live = LiveSettings(self._paths, self._settings, None)
        return WebhookSender(write_beside, reader, live)

    def all(self, *, ended: bool = False) -> list[WebhookRow]:
        """Return the webhooks, oldest first; also those that have ended if `ended`."""
        with reading(self._store) as connection:
            return queries.webhooks(connection, ended=ended)

    def deliveries(self, *, open_only: bool = False, limit: int = 100) -> list[DeliveryRow]:
        """Return the newest deliveries, newest first; pending and failed ones if `open_only`."""
        with reading(self._store) as connection:
            return queries.deliveries(connection, open_only=open_only, limit=limit)

    def remove(self, number: int) -> None:
        """End a webhook; what it has not got yet is dropped.

        Raises:
            UnknownId: There is none with this number, or it has ended.
        """
        with self._store.intake() as write:
            if not write(lambda c: writes.end_webhook(c, number, "The operator removed it.")):
                raise UnknownId(f"There is no webhook {number}.")

    def retry(self, numbers: Sequence[int] | None = None) -> int:
        """Make pending and failed deliveries due now, or all of them; return how many."""
        with self._store.intake() as write:
            return write(lambda c: writes.retry_deliveries(c, numbers))


def checked_types(types: Sequence[str]) -> list[str]:
    """Return types of events, the usual ones for none.

    Raises:
        UserError: One is unknown.
    """
    for type_ in types:
        if type_ not in WEBHOOK_TYPES:
            raise UserError(
                f"Webhooks have no event {quoted(type_, 60)}; they have: "
                f"{', '.join(WEBHOOK_TYPES)}."
            )
    return list(types or USUAL_TYPES)


def new_secret() -> str:
    """Return a new random secret to sign messages with; nothing is stored."""
    from engine.runtime.webhooks import signing

    return signing.new_secret()
