"""Model hosts: processes that hold models, one for each device."""
