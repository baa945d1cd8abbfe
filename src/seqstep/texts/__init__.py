"""The texts that the project carries, as files.

May import nothing.
"""
