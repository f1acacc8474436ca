"""Documents of events."""

import json
from typing import Any

from db.rows import EventRow
from engine.client.documents import versioned
from engine.client.ids import batch_name, job_name


def event_document(event: EventRow) -> dict[str, Any]:
    """Return an event as stable JSON."""
    return versioned(
        {
            "id": event.id,
            "at": event.at,
            "type": event.type,
            "level": event.level,
            "batch": batch_name(event.batch_id) if event.batch_id else None,
            "job": job_name(event.job_id) if event.job_id else None,
            "message": event.message,
            "data": json.loads(event.data),
        }
    )
