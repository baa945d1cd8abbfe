"""The witness of a run, as the conductor asks it."""

from stagecraft.files.home import Home
from stagecraft.key.parts import Parts
from stagecraft.pipeline.call import Call
from stagecraft.witness import Known, Places, Witness


def witness_of(call: Call, parts: Parts, home: Home) -> Witness:
    """Make the witness of a stage's run."""
    stage = call.stage
    known = Known(
        files=stage.files,
        definitions=parts.code.keys(),
        roots=stage.roots,
        folder=stage.folder,
        imports_of=stage.code.imports_of,
        inputs=(),
        depends=stage.depends,
        servers=(),
        places=Places([home.root]),
        states=stage.states,
    )
    return Witness(known, lambda _text: None)
