"""Chat with models of any provider: prompt files, conversations, answers, replies.

An agent (`engine.contract.agent`) uses prompt files and the shapes of answers. A backend sends a
`Conversation` and gives what came back to `replies.structured`.
"""
