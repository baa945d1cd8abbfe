"""Sequences, one step or k steps ahead: the domain, which knows neither Prefect nor MLflow."""
