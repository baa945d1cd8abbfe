"""Where servers listen: which addresses of this machine, and what it is called there."""

import errno
import ipaddress
import re
import socket
from collections.abc import Iterable

import psutil

from secrecy import quote
from stagecraft.errors import ServerError, UsageError

LOOPBACK = "127.0.0.1"
# What every machine is called by its own programs, as URLs have it.
_OWN = ("localhost", LOOPBACK, "[::1]")
_NAME = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)
_PRINTED = re.compile("[!-~]+")
# All addresses of this machine, and the one at which its own programs reach it then.
_EVERYWHERE = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104  (where a user asks for it)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    Raises:
        UsageError: it is no address of a network, or a number that stands for one.
    """
    if _is_number(host):
        meant = f"write {socket.inet_ntoa(socket.inet_aton(host))} if you mean it"
        raise UsageError(f"expected an address in --host, got {quote(host)}; {meant}")
    try:
        found = _looked_up(host)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"expected an address of this machine in --host, got {quote(host)}: {error}"
        ) from None
    return all(ipaddress.ip_address(address).is_loopback for address in found)


def _looked_up(host: str) -> set[str]:
    if not _PRINTED.fullmatch(host):
        raise ValueError("it has other characters than those of names and addresses")
    return {str(info[4][0]) for info in socket.getaddrinfo(host, None)}


def _is_number(host: str) -> bool:
    """Tell whether something is another way to write an address, such as 0 or 0x7f000001: URLs have none."""
    try:
        socket.inet_aton(host)
    except (OSError, ValueError):
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def reachable(host: str) -> str:
    """Turn an address to listen at into one that programs of this machine can ask, as URLs have it."""
    return _in_url(_EVERYWHERE.get(host, host))


def known_names(host: str, others: Iterable[str] = ()) -> list[str]:
    """List what a machine that listens at an address is called, as URLs have it, in lower case.

    No name comes from a network: one that is not trusted could choose it.

    Args:
        others: such as the name of a proxy, or the one that a network has for this machine.

    Raises:
        UsageError: one of these can't be the name of a machine.
    """
    others = [other.removesuffix(".") for other in others]  # which says nothing, as in `Host`
    for other in others:
        if not _NAME.fullmatch(other):
            raise UsageError(f"expected the name of a machine in --known-as, without a port, got {other!r}")
    addresses = _addresses() if host in _EVERYWHERE else [host]
    found = [*_OWN, socket.gethostname(), *map(_in_url, addresses), *others]
    return list(dict.fromkeys(name.lower() for name in found))


def _addresses() -> list[str]:
    kinds = (socket.AF_INET, socket.AF_INET6)
    return [
        address.address.partition("%")[0]
        for addresses in psutil.net_if_addrs().values()
        for address in addresses
        if address.family in kinds
    ]


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
