"""Trainings, epoch by epoch: optimisers, checkpoints, held-out validation.

May import: models, text, series, settings, errors, metrics.
"""
