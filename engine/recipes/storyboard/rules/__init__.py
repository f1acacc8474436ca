"""Offline rules of the storyboard's agents: scenes, shots and reviews by the words of the trade."""
