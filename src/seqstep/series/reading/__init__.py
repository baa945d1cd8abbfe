"""A user's table as a series: every reading of it is certain, told by a setting, or refused by name."""
