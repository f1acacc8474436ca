"""Weights and LoRAs of a batch's backends, stored with the first result of each."""

import asyncio
import json
import logging

from db.writes.records import Intent
from engine.contract import Backend
from engine.models.weights import BackendWithWeights

log = logging.getLogger(__name__)


class MaterialsOfBatches:
    """Weights and LoRAs of batches, each looked up once in a process."""

    def __init__(self) -> None:
        self._stored: set[tuple[int, str, str]] = set()

    async def unstored(self, backend: Backend, intent: Intent) -> str | None:
        """Return the weights and LoRAs of a backend as JSON.

        Returns:
            None if it has no weights here, or if that was returned before for the batch.
        """
        key = (intent.batch_id, intent.backend, intent.model)
        if key in self._stored or not isinstance(backend, BackendWithWeights):
            return None
        self._stored.add(key)
        try:
            return await asyncio.to_thread(_read, backend)
        except Exception as error:  # noqa: BLE001 - a plugin's; the result is worth more
            log.warning("the licences of %s cannot be read: %s", intent.backend, error)
            return None


def _read(backend: BackendWithWeights) -> str:
    from engine.models.weights.licences import materials_of

    return json.dumps([one.model_dump() for one in materials_of(backend.weights())])
