"""What a reader is shown: the page, the tables of models, a configuration in words, the notes' figures.

May import: evaluation, settings.
"""
