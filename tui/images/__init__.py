"""Images in a terminal: decoded small, drawn as cells or as the terminal's own pixels."""
