"""How good models are: on the same texts and values, with intervals; mixtures; what it was measured on.

May import: forecasters, models, text, series, settings, errors, metrics.
"""
