"""Settings of the HTTP API."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ApiSettings(BaseModel):
    """The HTTP API: addresses, limits, and whose tokens are accepted."""

    model_config = ConfigDict(extra="forbid")

    hosts: list[str] = Field(
        default_factory=list,
        description="Further names of this server, as browsers write them in the header Host.",
    )
    requests_per_minute: float = Field(
        600, gt=0, le=1e9, description="Maximum rate of requests per token."
    )
    burst: int = Field(
        120, ge=1, le=1_000_000_000, description="Requests that a token may send at once."
    )
    max_streams: int = Field(
        16, ge=1, le=10_000, description="Maximum number of open event streams per token."
    )
    max_body_mb: float = Field(
        8, gt=0, le=1024, description="Maximum size of a JSON body, in megabytes."
    )
    max_upload_mb: float = Field(
        50, gt=0, le=100_000, description="Maximum size of an uploaded file, in megabytes."
    )
    max_entries: int = Field(
        1000, ge=1, le=100_000, description="Maximum number of entries in the body of a batch."
    )
    max_queued_jobs: int = Field(
        100_000, ge=1, description="Unfinished jobs from which on new batches are refused."
    )
    jwt_key_file: str = Field(
        "", description="File with the key that JSON Web Tokens of others are signed with."
    )
    jwt_algorithm: Literal["", "HS256", "RS256", "ES256", "EdDSA"] = Field(
        "", description="Algorithm of those tokens; no other one is accepted."
    )
    webhook_hosts: list[str] = Field(
        default_factory=list,
        description="Hosts that webhooks may be sent to, as `hooks.example` or "
        "`hooks.example:8443`; without one there are none. An address or a network "
        "(`10.0.0.0/8`) also allows hosts that resolve to it, although it is not public.",
    )
