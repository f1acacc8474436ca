"""A line of text that takes all of what is pasted."""

from textual import events
from textual.widgets import Input

from engine.text.terminal import clean
from tui.widgets.keys_in_order import act_at_once


class LineInput(Input):
    """A line of text; its keys act in the order in which they are pressed."""

    async def on_key(self, event: events.Key) -> None:
        """Move and delete before the next character is inserted."""
        await act_at_once(self, event)

    def _on_paste(self, event: events.Paste) -> None:
        """Insert all of what is pasted, its lines joined: a line of text takes one."""
        event.prevent_default()
        event.stop()
        lines = clean(event.text, None, keep_newlines=True).split("\n")
        text = " ".join(line for line in lines if line)
        if self.max_length:  # Textual takes nothing of what is longer
            room = max(0, self.max_length - len(self.value) + len(self.selected_text))
            if len(text) > room:
                self.notify(f"The end is left out: {self.max_length} characters at most.")
            text = text[:room]
        self.replace(text, *self.selection)
