"""What tells where the servers of a home are: believed as long as whoever started them lives, and whole."""

import os

import psutil
import pytest

from stagecraft.errors import ServerError
from stagecraft.files.home import Home
from stagecraft.files.sealed import unseal
from stagecraft.servers.announcement import addresses, announcing
from tests.flips import flips

VARIABLES = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000"}


def test_no_bit_of_it_flips_into_another_address(home: Home) -> None:
    home.private.mkdir(parents=True, exist_ok=True)
    file = home.private / "servers.json"
    with announcing(home) as announce:
        assert addresses(home) == {}
        announce(VARIABLES, {"mlflow": psutil.Process(os.getpid())})
        assert addresses(home) == VARIABLES
        for damaged in flips(whole := file.read_bytes(), 9):
            file.write_bytes(damaged)
            with pytest.raises(
                ServerError, match=r"servers.json, got a damaged file; Ctrl-C .* `seqstep up`"
            ):
                addresses(home)
        file.write_bytes(unseal(whole))  # as the version before wrote it
        assert addresses(home) == VARIABLES
    assert addresses(home) == {}


@pytest.mark.parametrize(
    "content",
    [
        b'{"variables":{},"processes":{"a":[1,2.0]},"sea":1}',
        b'{"home":HOME,"variables":{},"processes":{"a":[1]}}',
        b'{"home":HOME,"variables":[1],"processes":{"a":["x",1]}}',
        b'{"home":HOME,"variables":{},"processes":{"a":[-5,1.0]}}',
        b'{"home":HOME,"variables":{},"processes":[]}',
        b"[" * 100_000,
    ],
)
def test_servers_start_where_a_damaged_file_was_left(home: Home, content: bytes) -> None:
    home.private.mkdir(parents=True, exist_ok=True)
    status = home.private.stat()
    inode = f"[{status.st_dev},{status.st_ino}]".encode()
    (home.private / "servers.json").write_bytes(content.replace(b"HOME", inode))
    with announcing(home) as announce:
        announce(VARIABLES, {})
        assert addresses(home) == VARIABLES
