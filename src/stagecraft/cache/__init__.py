"""Results that are kept: their records, whether they are intact, their locks, and who counts on them.

Checkpoints of trainings too. May import: key, files, errors.
"""
