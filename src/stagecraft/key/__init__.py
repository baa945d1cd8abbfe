"""What makes a result reusable: the parts of a key, and what differs between two.

May import: files.
"""
