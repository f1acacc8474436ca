"""What is read: functions of a connection that return typed rows, each one short."""
