"""The command line that any pipeline needs: plan, run, stages, runs, show, diff, doctor, gc and up.

May import every room; a program is these commands and a product's own. Only a command imports this.
"""
