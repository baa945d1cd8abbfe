"""A pipeline: stages, the walk that calls them, the part that is asked for, and the plan of a run.

May import: code, cache, key, files, errors; neither Prefect nor MLflow nor torch.
"""
