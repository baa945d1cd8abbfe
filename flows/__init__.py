"""What happens, in order, and how it is started."""
