"""A procedural painter: pictures from the words of a prompt, with numpy and Pillow."""
