"""Files that are there whole or not at all, what identifies their content, and the home that holds them.

May import: errors, names.
"""
