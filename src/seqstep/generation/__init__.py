"""Texts that models write: continued, along a training, side by side, and in answer to a request.

May import: models, text, series, settings, errors.
"""
