"""The token of Prefect's server in a home: who has none may not use it."""

import os
import re
import secrets
import shlex
import stat
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

from stagecraft.errors import HomeError, shown
from stagecraft.files.home import Home
from stagecraft.files.whole import write_whole

#: what Prefect's server wants to hear, and what its clients say
SERVER_VARIABLE, CLIENT_VARIABLE = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
_BYTES = 32
_TOKEN = re.compile("[!-~]+:[!-~]+")


class Token(NamedTuple):
    """What lets somebody use Prefect's server; false if everybody may.

    Attributes:
        value: `user:password`, as Prefect has it; empty if there is none.
        file: where it lies; nothing if it is the user's own, in the environment.
    """

    value: str = ""
    file: Path | None = None

    def __bool__(self) -> bool:
        return bool(self.value)

    @property
    def variables(self) -> dict[str, str]:
        """The variable of the environment that lets clients in."""
        return {CLIENT_VARIABLE: self.value} if self else {}

    @property
    def headers(self) -> dict[str, str]:
        """The header that lets a request in."""
        return {"Authorization": f"Basic {b64encode(self.value.encode()).decode()}"} if self else {}

    @property
    def command(self) -> str:
        """What shows it in a shell."""
        return f"cat {shlex.quote(str(self.file))}" if self.file else f"printenv {SERVER_VARIABLE}"

    @property
    def assignment(self) -> str:
        """What has a shell's programs say it, without showing it."""
        return f'{CLIENT_VARIABLE}="$({self.command})"'


def token_of(home: Home, wanted: bool) -> Token:
    """Find the token: a user's own, or else, where one is wanted, that of the home, which is made if need be.

    One that other users of the machine could have read, or that is no `user:password`, is made anew.

    Raises:
        HomeError: something lies in its place that is no file.
    """
    if own := os.environ.get(SERVER_VARIABLE):
        return Token(own)
    if not wanted:
        return Token()
    value = _read(home.token)
    if not value:
        value = f"{home.names.project}:{secrets.token_urlsafe(_BYTES)}"
        write_whole(home.token, value.encode())  # mode 600
    return Token(value, home.token)


def _read(file: Path) -> str:
    """Read a token; nothing where there is none that only its owner could have read."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return ""
    if not stat.S_ISREG(found.st_mode):
        raise HomeError(f"expected a file with a token at {shown(file)}, got none; move that elsewhere")
    if found.st_uid != os.getuid() or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return ""
    text = file.read_text("utf-8", errors="replace").rstrip("\n")
    return text if _TOKEN.fullmatch(text) else ""
