"""Files that operators hand in, checked by content: images, sounds, events, responses of a head."""
