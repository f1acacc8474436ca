"""Write operations: functions of a connection inside an open transaction.

The engine runs them through the writer door, other processes through the intake door. None of
them starts a transaction, commits or waits.
"""
