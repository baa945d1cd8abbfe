"""Pictures of what was found; each function draws one.

May import: text, series.
"""
