"""What a flow is asked for, with the titles and choices that Prefect's pages show."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from flows.walk import all_stages
from seqstep.settings.config import PROFILES

#: the profile that is meant where none is named
USUAL_PROFILE = next(iter(PROFILES))

if TYPE_CHECKING:
    ProfileName = str
    StageName = str
else:
    ProfileName = Literal[tuple(PROFILES)]
    StageName = Literal[all_stages()]


def _shown(title: str, description: str) -> Any:
    """Give a parameter a title and a description; Prefect would show its name alone."""
    return Field(json_schema_extra={"title": title, "description": description})


Profile = Annotated[
    ProfileName,
    _shown(
        "Profile",
        "quick: small, without network; notes: the notes' text and hyperparameters; compare: quick, and all"
        " models side by side; best: a network for unseen text, on the notes' text.",
    ),
]
ChangedSettings = Annotated[
    dict[str, Any] | None,
    _shown(
        "Changed settings",
        'What differs from the profile, such as {"rnn.epochs": 500} or {"rnn": {"epochs": 500}}.',
    ),
]
Only = Annotated[list[StageName] | None, _shown("Only these stages", "What they need must be cached.")]
From = Annotated[
    StageName | None, _shown("From this stage on", "This stage and all that depends on it, anew.")
]
Until = Annotated[StageName | None, _shown("Until this stage", "This stage and all that it depends on.")]
Force = Annotated[
    list[StageName] | None, _shown("Anew", "These stages run even if their results are cached.")
]
ChosenStage = Annotated[
    StageName, _shown("Stage", "If something that it needs is not cached, the run fails and says what.")
]
Anew = Annotated[bool, _shown("Anew", "Run it even if its result is cached.")]
Strict = Annotated[
    bool, _shown("Strict", "A stage that touches what its key does not know fails; else it is only not kept.")
]
Offline = Annotated[bool, _shown("Offline", "Never touch the network.")]
