"""The gallery: pages of a workspace for a browser, which work without script."""
