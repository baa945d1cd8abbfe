"""Series: read, scaled, cut into windows, forecast, and how wrong forecasts were; baselines.

May import: settings, errors, metrics.
"""
