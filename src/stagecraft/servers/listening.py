"""Where servers listen: which addresses of this machine, and what it is called there."""

import errno
import ipaddress
import socket

import psutil

from stagecraft.errors import ServerError, UsageError

LOOPBACK = "127.0.0.1"
# All addresses of this machine, and the one at which its own programs reach it then.
_EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104  (where a user asks for it)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    Raises:
        UsageError: it is no address of a network.
    """
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError as error:
        raise UsageError(f"expected an address of this machine in --host, got {host!r}: {error}") from None
    return all(ipaddress.ip_address(address).is_loopback for address in found)


def reachable(host: str) -> str:
    """Turn an address to listen at into one that programs of this machine can ask, as URLs have it."""
    return _in_url(_EVERYWHERE.get(host, host))


def names(host: str) -> list[str]:
    """List what a machine that listens at an address may be called in a URL; its own name first."""
    if host not in _EVERYWHERE:
        return [_in_url(host)]
    kinds = (socket.AF_INET, socket.AF_INET6)
    own = [
        address.address.partition("%")[0]
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family in kinds
    ]
    return list(dict.fromkeys([socket.gethostname(), "localhost", *map(_in_url, own)]))


def check_port(who: str, host: str, port: int, option: str) -> None:
    """See that somebody can listen at an address.

    Args:
        host: an address, or a name that stands for some.
        option: what chooses another port.

    Raises:
        ServerError: the port is in use.
        UsageError: it can't be had for another reason.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    refusals = [error for family, *_, address in found if (error := _refusal(family, address))]
    if any(error.errno == errno.EADDRINUSE for error in refusals):
        raise ServerError(
            f"expected port {port} to be free for {who}, got one in use;"
            f" is it running already? else choose another with {option}"
        )
    if len(refusals) == len(found):
        raise UsageError(
            f"expected {who} to listen at {host}, port {port}, got: {refusals[0].strerror};"
            f" choose another with --host or {option}"
        )


def _refusal(family: int, address: tuple[object, ...]) -> OSError | None:
    """Try to listen at an address; return why that can't be."""
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error
    return None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
