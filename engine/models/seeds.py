"""Seeds of torch's generators."""


def folded(seed: int) -> int:
    """Return a seed of 32 bits, since torch's CPU generator ignores higher bits.

    Seeds below 2**32 are unchanged, as in other programs.
    """
    return (seed ^ (seed >> 32)) & 0xFFFFFFFF
