"""What is installed is what is here."""

import engine


def test_the_version_is_a_release_number():
    assert all(part.isdigit() for part in engine.__version__.split("."))
