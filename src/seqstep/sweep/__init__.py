"""Many configurations: a grid or a search, what was tried, and the table of it.

May import: settings, errors.
"""
