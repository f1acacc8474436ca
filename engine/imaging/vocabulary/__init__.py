"""Words about images: what a text names, which corrections it asks for, what can be measured."""
