"""The commands that only seqstep has: what reads settings, uses a registered model or sweeps.

May import the domain and the stage mechanism; nothing imports it but the program's entry point and `flows`.
"""

from stagecraft.names import Names

NAMES = Names("seqstep")
