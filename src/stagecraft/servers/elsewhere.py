"""A database of Prefect's that lies elsewhere: whether it answers, before a server is started on it."""

import asyncio
import os

from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from secrecy import cut, show_url, words_about
from stagecraft.errors import ServerError, UsageError

#: the first that is set counts, as for Prefect
DATABASE_VARIABLES = ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL")
_DRIVERS = ("postgresql+asyncpg", "sqlite+aiosqlite")
# What drivers say of an option that they do not know, and of a port that can't be.
_UNREADABLE = ArgumentError, TypeError, ValueError, OverflowError
_PATIENCE_S = 10


def check_elsewhere() -> None:
    """See that the database that the environment names for Prefect answers, if it names one by its address.

    Raises:
        UsageError: that is no address of a database that Prefect can use.
        ServerError: the database does not answer, or does not let us in.
    """
    for variable in DATABASE_VARIABLES:
        if url := os.environ.get(variable):
            _check(variable, url)
            return


def _check(variable: str, url: str) -> None:
    shown = show_url(url)
    if url.partition("://")[0] not in _DRIVERS:
        known = " or ".join(f"{driver}://" for driver in _DRIVERS)
        raise UsageError(f"expected {variable} to start with {known}, got {cut(shown)}; correct or unset it")
    try:
        asyncio.run(_open(url))
    except Exception as error:
        said = words_about(url, (str(error).splitlines() or [type(error).__name__])[0])
        if isinstance(error, _UNREADABLE):
            wrong = f"expected {variable} to be an address, got {cut(shown)}: {said}; correct or unset it"
            raise UsageError(wrong) from None
        raise ServerError(
            f"expected Prefect's database to answer at {cut(shown)} ({variable}), got: {said};"
            " start it, or correct or unset that"
        ) from error


async def _open(url: str) -> None:
    limits = {"timeout": _PATIENCE_S}
    engine = create_async_engine(url, poolclass=NullPool, connect_args=limits)
    async with engine.connect():
        pass
    await engine.dispose()
