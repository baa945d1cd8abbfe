"""How a run is going: outcomes, whoever watches, whoever is told of a failure.

May import: cache, files, names, errors.
"""
