"""Texts: cleaned, split into tokens, numbered, counted, cut into batches; models made of counts.

May import: settings, errors, metrics.
"""
