"""The installed package is the one in this tree."""

import engine


def test_the_version_is_a_release_number():
    assert all(part.isdigit() for part in engine.__version__.split("."))
