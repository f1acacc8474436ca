"""Search over the words of finished jobs."""

from pydantic import Field, field_validator
from starlette.responses import Response

from db.queries.search import Condition
from db.rating import WORDS
from engine.api.documents import on_the_wire
from engine.api.endpoint import Call, Parameters, answer
from engine.api.ids import batch_of
from engine.client.documents.search import search_document
from engine.client.keeping import rating_ranks
from engine.client.search import MAX_HITS
from engine.client.search import search as search_words

MAX_CHARS = 1000
"""Maximum length of a query."""

_WORD = f"({'|'.join(WORDS)})"
_RATING = f"^((>=|<=|>|<|=){_WORD}|{_WORD}(,{_WORD})*)$"


class SearchQuery(Parameters):
    """Query of a search: its words, and which jobs may be among its hits."""

    words: str = Field(
        max_length=MAX_CHARS,
        description='Words that all occur; "..." is a phrase, -word leaves jobs out.',
    )
    batch: str | None = Field(
        None, pattern=r"^b[1-9][0-9]{0,17}$", description="Only of this batch."
    )
    recipe: str | None = Field(None, max_length=200, description="Only batches of this recipe.")
    min_score: float | None = Field(None, description="Only jobs with at least this score.")
    rating: str | None = Field(
        None,
        max_length=20,
        description="Only jobs rated like this: `4`, `keep`, `>=4`, `2,3`.",
        json_schema_extra={"pattern": _RATING},  # `_is_a_rating` says more than a pattern would
    )
    limit: int = Field(20, ge=1, le=MAX_HITS)

    @field_validator("rating")
    @classmethod
    def _is_a_rating(cls, rating: str | None) -> str | None:
        rating_ranks(rating)
        return rating


def search(call: Call) -> Response:
    """Answer with the jobs whose words match, the newest first. Nothing is indexed for it."""
    query: SearchQuery = call.query
    with call.services.readers.reading() as connection:
        batch = batch_of(connection, query.batch).id if query.batch else None
        ranks = rating_ranks(query.rating)
        condition = Condition(batch, query.recipe, query.min_score, ranks)
        result = search_words(connection, query.words, condition, query.limit)
    document = on_the_wire(search_document(result))
    hits = [
        {**hit, "links": {"job": f"/v1/jobs/{hit['job']}", "batch": f"/v1/batches/{hit['batch']}"}}
        for hit in document["hits"]
    ]
    return answer({**document, "hits": hits, "links": {"self": "/v1/search"}})
