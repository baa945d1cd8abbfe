"""A text's file: found, or fetched and held against its hash.

May import: settings, errors.
"""
