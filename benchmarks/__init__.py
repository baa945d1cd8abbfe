"""Every speed claim of the project, as a command: `make bench`."""
