"""Write operations: each a function of a connection inside somebody's open transaction.

The engine runs them through the writer door, other processes through the intake door. None of
them begins, commits or waits.
"""
