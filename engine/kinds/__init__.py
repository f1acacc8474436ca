"""The kinds that Safelight knows, recognition by content, and thumbnails."""
