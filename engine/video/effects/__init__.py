"""Effects on frames: pixels are BGRA bytes in arrays of shape (height, width, 4)."""
