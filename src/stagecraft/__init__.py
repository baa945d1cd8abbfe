"""Stages: functions whose runs are orchestrated by Prefect and recorded in MLflow.

Knows nothing of what the stages compute; another project could lift it out whole.
"""
