"""The servers of a home as child processes: where they listen, who runs them, and whom they let in.

May import: mlflow, progress, files, errors, disks.
"""
