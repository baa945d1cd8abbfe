"""What statements of a module may stand in."""

import textwrap

#: name -> what stands around; `BODY` is where the statements go, indented as it is
SURROUNDINGS = {
    "plain": "BODY",
    "if": "if core is not None:\n    BODY",
    "else": "if core is None:\n    pass\nelse:\n    BODY",
    "elif": "if core is None:\n    pass\nelif True:\n    BODY",
    "not for type checking": "from typing import TYPE_CHECKING\n\nif not TYPE_CHECKING:\n    BODY",
    "try": "try:\n    BODY\nexcept ImportError:\n    raise",
    "except": "try:\n    raise KeyError\nexcept KeyError:\n    BODY",
    "else of try": "try:\n    pass\nexcept KeyError:\n    pass\nelse:\n    BODY",
    "finally": "try:\n    pass\nfinally:\n    BODY",
    "except*": "try:\n    raise ExceptionGroup('x', [KeyError()])\nexcept* KeyError:\n    BODY",
    "for": "for _turn in (0,):\n    BODY",
    "else of for": "for _turn in ():\n    pass\nelse:\n    BODY",
    "while": "_left = [1]\nwhile _left:\n    _left.pop()\n    BODY",
    "with": "import contextlib\n\nwith contextlib.suppress(ZeroDivisionError):\n    BODY",
    "match": "match core:\n    case _:\n        BODY",
    "deep": (
        "if True:\n    for _turn in (0,):\n        try:\n            BODY\n        finally:\n            pass"
    ),
    "function called at once": "def _set_up():\n    BODY\n\n\n_set_up()",
    "nested functions": "def _outer():\n    def _inner():\n        BODY\n\n    _inner()\n\n\n_outer()",
    "decorated by a call": "@(lambda function: function())\ndef _done():\n    BODY",
    "handed to another": "def _call(what):\n    what()\n\n\ndef _set_up():\n    BODY\n\n\n_call(_set_up)",
    "handed to a library": "def _set_up(_turn):\n    BODY\n\n\nlist(map(_set_up, (0,)))",
    "method called at once": "class _Setting:\n    def up(self):\n        BODY\n\n\n_Setting().up()",
    "init": "class _Setting:\n    def __init__(self):\n        BODY\n\n\n_setting = _Setting()",
    "generator": "def _set_up():\n    BODY\n    yield\n\n\n_done = list(_set_up())",
    "coroutine": "import asyncio\n\n\nasync def _set_up():\n    BODY\n\n\nasyncio.run(_set_up())",
    "thread": (
        "import threading\n\n\ndef _set_up():\n    BODY\n\n\n"
        "_worker = threading.Thread(target=_set_up)\n_worker.start()\n_worker.join()"
    ),
    "class body": "class _Setting:\n    BODY",
    "twice": "for _turn in (0, 1):\n    if _turn == 0:\n        continue\n    BODY",
}

#: in which names that the statements give are not the module's
SCOPES = frozenset(list(SURROUNDINGS)[list(SURROUNDINGS).index("function called at once") : -1])


def surrounded(text: str, name: str) -> str:
    """Put statements into what stands around them."""
    around = SURROUNDINGS[name]
    line = next(line for line in around.splitlines() if line.strip() == "BODY")
    indent = line.removesuffix("BODY")
    return around.replace(line, textwrap.indent(text, indent))
