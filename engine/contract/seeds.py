"""Seeds that a resumed run derives again."""

import hashlib

SEED_BITS = 63


def derive_seed(batch_seed: int, job_key: str, variation: int = 0) -> int:
    """Return a seed from batch seed, job key and variation: 0 to 2**63 - 1, evenly spread.

    The first 63 bits of SHA-256 over the three, so that it depends on neither order nor time.
    """
    text = f"{batch_seed}\x1f{job_key}\x1f{variation}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)
