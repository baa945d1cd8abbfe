"""What can be set: the configuration, how it is put together, and what its values stand for.

May import: errors; and of the models the two tables of their names.
"""
