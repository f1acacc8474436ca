"""How it looks: theme files and style sheets, as data."""
