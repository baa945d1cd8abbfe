"""The servers of a home as child processes: where they listen, and who runs them.

May import: files, errors.
"""
