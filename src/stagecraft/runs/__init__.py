"""Runs: what is asked for, its record from start to end, a run that is only replayed, and earlier runs.

May import all but cli, prefect, upkeep and servers; Prefect hands in what conducts a run.
"""
