"""Stages: functions whose runs are orchestrated by Prefect and recorded in MLflow.

Knows nothing of what stages compute; another project could lift it out whole. On the ground floor lies what
every room may import: errors, names, patience; and `project`, which only the command line and `flows` do.
"""

from stagecraft.witness import see_imports

see_imports()
