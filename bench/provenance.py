"""Signed files: bytes and processor time of statements and ingredients, memory of large films."""

from bench.figures import Figure, at_most
from bench.machine import measured

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def provenance(*, long: bool) -> list[Figure]:
    """Bytes and processor time of a statement and of an ingredient, memory and time of a film."""
    rounds = 41 if long else 11
    kinds = measured("provenance", "kinds", rounds, environment=ONE_THREAD)
    inputs = measured("provenance", "ingredients", rounds, environment=ONE_THREAD)
    film = measured("provenance", "film", 2048 if long else 256, environment=ONE_THREAD)
    idle = measured("provenance", "idle", environment=ONE_THREAD)
    largest = max(kinds["bytes"], key=kinds["bytes"].get)
    slowest = max(kinds["ms"], key=kinds["ms"].get)
    return [
        at_most(
            f"bytes of a statement, the most of {len(kinds['bytes'])} kinds ({largest})",
            kinds["bytes"][largest],
            4096,
            "{:.0f}",
        ),
        at_most(
            f"processor time of a statement, the most of them ({slowest}; median)",
            kinds["ms"][slowest],
            20,
            "{:.1f} ms",
            " ms",
        ),
        at_most(
            "more an ingredient (a signed PNG of 1.6 MB)", inputs["ms"], 15, "{:.1f} ms", " ms"
        ),
        Figure("bytes more an ingredient, besides its own statement", f"{inputs['bytes']:.0f}"),
        at_most(
            f"memory that signing a film of {film['mib']} MiB adds",
            film["added_mib"],
            32,
            "{:.0f} MiB",
            " MiB",
        ),
        at_most(
            "its processor time for that of reading, hashing and writing the same bytes",
            film["ratio"],
            3,
            "{:.2f}",
        ),
        at_most(
            "modules of c2pa and cryptography in an engine that signs nothing",
            idle["heavy"],
            0,
            "{:.0f}",
        ),
    ]
