"""Names of OpenTelemetry's conventions for generative AI, and ours where there are none.

The conventions (https://github.com/open-telemetry/semantic-conventions-genai) are in development;
their names are copied here, since the package that has them may change them.
"""

PROVIDERS = {
    "anthropic": "anthropic",
    "builtin": "safelight.builtin",
    "elevenlabs": "elevenlabs",
    "fal": "fal",
    "gemini": "gcp.gemini",
    "gemini-image": "gcp.gemini",
    "gemini-video": "gcp.gemini",
    "ollama": "ollama",
    "openai": "openai",
    "runway": "runway",
    "stability": "stability_ai",
}
"""`gen_ai.provider.name` of each backend; another backend has its own name."""

HOSTED = frozenset({"builtin", "deforum", "diffusers", "local", "local-sounds", "stable-audio"})
"""Backends of this machine, or of its model hosts: their calls leave no process of ours."""

MEDIA = {
    "generate": "image",
    "generate_audio": "audio",
    "generate_video": "video",
}
"""Medium that an operation generates."""

SCORES = frozenset({"score", "compare", "ask"})
"""Operations that score."""


def provider_of(backend: str) -> str:
    """Return `gen_ai.provider.name` of a backend."""
    return PROVIDERS.get(backend, backend)


def operation_of(operation: str) -> str:
    """Return `gen_ai.operation.name` of an operation that asks a model."""
    if operation in MEDIA:
        return "generate_content"
    return "embeddings" if operation == "embed" else "chat"
