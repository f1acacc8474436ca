"""Agents: what a model is told, and what is made of its answer.

An agent is words in a text file (`prompts/`) and the code that puts a request into them and reads
the reply. It knows no provider: a backend sends a `Conversation` and gets the text of a reply.
"""
