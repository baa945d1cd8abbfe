"""Addresses that a user configures, which may hold secrets."""

from urllib.parse import urlsplit

from pydantic import Secret

from secrecy import HIDDEN, UnsetError, identify_url, resolve, show_url
from seqstep.errors import ConfigError


class Address(Secret[str]):
    """A URL, with `${NAME}` for what the environment holds; as text it shows no secret."""

    def _display(self) -> str:
        return show_url(self.get_secret_value())

    @property
    def identity(self) -> str:
        """What tells it from other addresses, without secrets."""
        return identify_url(self.get_secret_value())

    def reveal(self) -> str:
        """Write it in full, for the moment of use.

        Raises:
            ConfigError: a variable of the environment is not set, or a secret was replaced by `***`.
        """
        if HIDDEN in self.get_secret_value():
            raise ConfigError(
                f"expected an address with its secret, got {self}, where that is hidden;"
                " write ${NAME} for it, and set NAME in the environment"
            )
        try:
            return resolve(self.get_secret_value())
        except UnsetError as error:
            raise ConfigError(
                f"expected the environment variable {error}, which {self} needs, got nothing; set it"
            ) from None


class Webhook(Address):
    """A URL that is a secret as a whole, as those of chat rooms are; only its host is shown."""

    def _display(self) -> str:
        shown = super()._display()
        if not shown or shown.startswith("${"):
            return shown
        parts = urlsplit(shown)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{HIDDEN}" if parts.netloc else HIDDEN
