"""The forecasters with tensors, and the table of all forecasters.

May import: training, models, series, settings, errors.
"""
