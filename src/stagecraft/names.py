"""What is called after the project whose stages are run: variables, tags, folders, models, the command."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """The names by which users know a project; the examples below are of one called `weather`.

    Args:
        project: its name, which is that of its command, its distribution and its experiment in MLflow.
    """

    project: str

    @property
    def folder(self) -> str:
        """The folder in the home that is no user's business, which also marks a home."""
        return f".{self.project}"

    def variable(self, what: str) -> str:
        """Name a variable of the environment, such as WEATHER_HOME for HOME."""
        return f"{self.project.upper().replace('-', '_')}_{what}"

    def tag(self, what: str) -> str:
        """Name a tag of MLflow's, such as weather.stage for stage."""
        return f"{self.project}.{what}"

    def model(self, what: str) -> str:
        """Name a registered model, such as weather-rnn for rnn."""
        return f"{self.project}-{what}"

    def is_model(self, name: str) -> bool:
        """Tell whether a registered model is called after the project."""
        return name.startswith(self.model(""))


def how_to_get_a_project(names: Names) -> str:
    """Say what a user does who has none."""
    return (
        f"go to the folder of a checkout, or one whose pyproject.toml says [tool.{names.project}]"
        ' project = "package:PROJECT"'
    )
