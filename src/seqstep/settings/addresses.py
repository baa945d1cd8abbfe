"""Addresses that a user configures, which may hold secrets."""

from urllib.parse import urlsplit

from pydantic import Secret
from pydantic_core import PydanticCustomError

from secrecy import HIDDEN, UnsetError, expand_variables, identify_url, names_host, quote, show_url
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
            return expand_variables(self.get_secret_value())
        except UnsetError as error:
            raise ConfigError(
                f"expected the environment variable {error}, which {self} needs, got nothing; set it"
            ) from None


def fetchable(address: Address) -> Address:
    """Refuse what can't be fetched; what stands for something else is looked at when that is put in place."""
    text = address.get_secret_value()
    stands_for_more = "${" in text or HIDDEN in text
    if text.split() != [text] or not (stands_for_more or names_host(text)):
        raise PydanticCustomError(
            "no_address",
            "Input should be addresses with http:// or https:// and a host, parted by blanks, not {shown};"
            " a blank in one is %20; set corpus.path for a local file",
            {"shown": quote(show_url(text)) if "://" in text else HIDDEN},
        )
    return address


class Webhook(Address):
    """A URL that is a secret as a whole, as those of chat rooms are; only its host is shown."""

    def _display(self) -> str:
        shown = super()._display()
        if not shown or shown.startswith("${"):
            return shown
        parts = urlsplit(shown)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{HIDDEN}" if parts.netloc else HIDDEN
