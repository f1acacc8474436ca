"""Sound effects from words: takes judged by their measures and by what the words ask for."""
