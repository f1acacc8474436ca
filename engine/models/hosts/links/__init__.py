"""Links to hosts: how a host's process is started, spoken with and ended, here and elsewhere."""
