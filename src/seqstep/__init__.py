"""Sequences, one step or k steps ahead: the domain, which knows neither Prefect nor MLflow.

On the ground floor lies what every room may import: errors, metrics, whole files.
"""
