"""Every error that the domain raises on purpose.

SeqstepError
├── InputError           the user must change something (exit status 2)
│   ├── ConfigError      a setting is unknown or has a wrong value
│   ├── CorpusError      the text's file is not what was asked for
│   ├── TextError        the text can't be used as it is
│   ├── SeriesError      the series can't be used as it is
│   ├── WindowError      a window or a horizon does not fit the series
│   ├── DeviceError      the device is not there
│   └── ModelError       a saved model is missing, or can't do what was asked
└── OutageError          nothing is wrong with the request (exit status 1)
    ├── NetworkError     a server failed, hung or could not be reached
    └── DivergenceError  a training's loss left the real numbers

A message says what is wrong, what was expected, what was found and where, and what to do next.
"""


class SeqstepError(Exception):
    """Any error that seqstep raises on purpose; its text is made for the user."""

    exit_status = 1


class InputError(SeqstepError):
    """The request can't be met as it stands: the user must change something."""

    exit_status = 2


class ConfigError(InputError):
    """A setting is unknown or has a value that it can't have."""


class CorpusError(InputError):
    """The file of the text is missing, too large, empty or not the one that was asked for."""


class TextError(InputError):
    """The text can't be used: wrong encoding, no letters, too short, nothing left in a vocabulary."""


class SeriesError(InputError):
    """The series can't be used: a missing column, gaps, text among the numbers, too few rows."""


class WindowError(InputError):
    """A window, a split or a horizon does not fit into the series."""


class DeviceError(InputError):
    """The device that was asked for is not there."""


class ModelError(InputError):
    """A saved model is missing or damaged, or it can't do what was asked."""


class OutageError(SeqstepError):
    """Something outside the request failed; the same request may succeed later."""


class NetworkError(OutageError):
    """A server failed, hung or could not be reached."""


class DivergenceError(OutageError):
    """The loss of a training became infinite or not a number."""
