"""A heading in the details of a part of a job."""

from textual.widgets import Static


class Heading(Static):
    """Heading with the name of a kind."""
