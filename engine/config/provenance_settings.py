"""Settings of provenance: the signature of files that leave the store."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=200)]


class ProvenanceSettings(BaseModel):
    """Signed statements of origin (C2PA) in files for people, and licences of what they used."""

    model_config = ConfigDict(extra="forbid")

    sign: Literal["off", "local", "file"] = Field(
        "off",
        description="Sign images, sounds and films that leave the store: not at all, with the key "
        "that `safelight provenance init` makes, or with `certificate` and `key`.",
    )
    certificate: str | None = Field(
        None,
        max_length=4096,
        description="For `file`: PEM file with the certificate and those that it rests on.",
    )
    key: str | None = Field(
        None,
        max_length=4096,
        description="For `file`: PEM file with its private key, without a passphrase.",
    )
    tsa: str | None = Field(
        None,
        max_length=2000,
        pattern=r"^https?://[!-~]+$",
        description="Address of a time-stamping authority (RFC 3161). It gets a hash of each "
        "statement, and a signature then outlasts its certificate.",
    )
    prompts: bool = Field(
        False, description="State prompts too: whoever has the file can read them."
    )
    claim_generator: str = Field(
        "Safelight", min_length=1, max_length=100, description="Program that statements name."
    )
    cache_gib: float = Field(
        10,
        ge=0,
        le=1e6,
        description="Signed copies that are kept for downloads, in GiB; those that are linked into "
        "outputs do not count.",
    )
    licences: dict[Text, Text] = Field(
        default_factory=dict,
        description="Licences of weights, LoRAs and songs that do not state their own, by name "
        "(`org/model`, a file's name) or by the SHA-256 of a song.",
    )
