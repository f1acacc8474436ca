"""Settings of the place where stored files live."""

from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

S3 = frozenset({"s3", "s3a"})
"""Schemes of S3, and of everything that speaks its protocol."""

SCHEMES = frozenset({*S3, "gs", "gcs", "az", "abfs", "abfss", "sftp", "file", "memory"})
"""Schemes of the stores that files can live in."""


class ArtifactSettings(BaseModel):
    """The object store that files live in, and the cache of them on this machine.

    Credentials are never part of them: they come from the environment or from the provider's own
    configuration, such as `AWS_PROFILE` or an instance's role.
    """

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        "",
        description="Object store in which files live, as `s3://bucket/prefix`; empty for the "
        "workspace's own folder. Also gs://, az://, sftp:// and file:// (docs/artifacts.md).",
    )
    endpoint: str = Field(
        "", description="Address of a server that speaks S3, if it is not Amazon's."
    )
    region: str = Field("", description="Region of the bucket, if the environment names none.")
    shared: bool = Field(
        False,
        description="Share the prefix with other workspaces; otherwise each has a folder of its "
        "own below it. Files under a shared prefix are never removed.",
    )
    cache: str = Field(
        "", description="Folder of the cache; empty for the workspace's own folder of files."
    )
    cache_gib: float = Field(
        20,
        gt=0,
        le=1e6,
        description="Size of the cache from which on the files that were used the longest ago are "
        "removed, in GiB. What is not in the object store yet stays.",
    )
    uploads: int = Field(8, ge=1, le=64, description="Maximum number of uploads at once.")
    timeout_seconds: float = Field(
        60, gt=0, le=3600, description="Time without an answer after which a request is repeated."
    )

    @field_validator("url")
    @classmethod
    def _is_a_store(cls, url: str) -> str:
        url = url.strip().rstrip("/")
        if not url:
            return ""
        parts = urlsplit(url)
        if "::" in url or parts.scheme not in SCHEMES:
            names = ", ".join(f"{name}://" for name in sorted(SCHEMES))
            raise ValueError(f"must begin with one of {names}")
        if parts.password or (parts.username and parts.scheme != "sftp"):
            raise ValueError("must hold no user name and no password")
        if parts.query or parts.fragment or ".." in parts.path.split("/"):
            raise ValueError("must be a bucket and a prefix, without `?`, `#` or `..`")
        if parts.scheme in S3 and not parts.netloc:
            raise ValueError("must name a bucket, as s3://bucket/prefix")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError("must be plain ASCII without spaces")
        return url

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, endpoint: str) -> str:
        endpoint = endpoint.strip().rstrip("/")
        if not endpoint:
            return ""
        parts = urlsplit(endpoint)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ValueError("must be an address such as https://minio.example:9000")
        if parts.query or parts.fragment or not endpoint.isascii() or not endpoint.isprintable():
            raise ValueError("must be an address without `?` and `#`, in plain ASCII")
        return endpoint

    @model_validator(mode="after")
    def _endpoint_is_of_s3(self) -> Self:
        if self.endpoint and urlsplit(self.url).scheme not in S3:
            raise ValueError("endpoint is for s3:// only")
        return self

    @property
    def place(self) -> str:
        """The store for people, with the server if it is not the provider's own; empty if none."""
        return f"{self.url} at {self.endpoint}" if self.endpoint else self.url
