"""What makes a result reusable: the parts of a key, what a stage declares, and what differs between two.

May import: files, errors.
"""
