"""Document of what a search found."""

from dataclasses import asdict
from typing import Any

from engine.client.search import SearchResult


def search_document(result: SearchResult) -> dict[str, Any]:
    """Return a result as `--json` prints it; its fields are in `docs/cli.md`."""
    return {
        "hits": [
            {**asdict(hit), "marks": [list(mark) for mark in hit.marks]} for hit in result.hits
        ],
        "unindexed": result.unindexed,
        "looked_at": result.looked_at,
    }
