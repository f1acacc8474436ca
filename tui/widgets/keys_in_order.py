"""Keys that act in the order in which they are pressed, however fast they come."""

from textual import events
from textual.widget import Widget


async def act_at_once(widget: Widget, event: events.Key) -> None:
    """Run a widget's key binding as the key arrives.

    Otherwise the key takes a detour through the app, and characters typed after it overtake it.
    """
    for binding in widget._bindings.key_to_bindings.get(event.key, ()):
        if await widget.app.run_action(binding.action, widget):
            event.stop()
            event.prevent_default()
            return
