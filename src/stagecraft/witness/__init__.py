"""The run as witness: what a stage is seen to touch while it runs, held against what its key knows.

May import: key, files, errors.

    events      the interpreter's audit events, by the stage whose thread they come from; threads, processes
    places      where files lie that need no key: installed, the system's, what the mechanism keeps
    stack       who is at work: the project, a distribution, or the mechanism itself
    modules     whether code that is loaded is in the key
    touching    what an event touches
    lasting     what goes on when a stage has ended
    importing   what modules touch while they are imported
    judging     whether a key knows that
    witness     what was noted of one stage
"""

from stagecraft.witness.importing import see_imports
from stagecraft.witness.judging import Known
from stagecraft.witness.places import Places
from stagecraft.witness.witness import UnkeyedError, Witness

__all__ = ["Known", "Places", "UnkeyedError", "Witness", "see_imports"]
