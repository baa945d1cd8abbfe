"""A text's files: found or fetched, held against a hash, unpacked and decoded.

May import: settings, errors.
"""
