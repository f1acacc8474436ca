"""A procedural painter: images from the words of a prompt, with numpy and Pillow."""
