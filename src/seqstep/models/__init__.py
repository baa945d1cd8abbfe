"""Networks, with their gradients and kernels, how they are saved, and how a text is scored by one.

May import: text, series, settings, errors, metrics.
"""
