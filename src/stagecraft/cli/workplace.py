"""Where a command is given: the home and the project, each looked for when it is needed."""

import os
from functools import cached_property
from pathlib import Path

from stagecraft.errors import ProjectError
from stagecraft.files.home import Home, open_home
from stagecraft.names import Names
from stagecraft.project import Project, check_mechanism, find_folder, load_project


class Workplace:
    """Where a command is given.

    Args:
        names: by which users know the project.
    """

    def __init__(self, names: Names) -> None:
        self.names = names

    @cached_property
    def folder(self) -> Path | None:
        """The project's folder; None without a project.

        Raises:
            ProjectError: the current folder was deleted.
        """
        try:
            here = Path.cwd()
        except FileNotFoundError:
            raise ProjectError(
                "expected a current folder, got one that was deleted; change to another one"
            ) from None
        return find_folder(self.names, here)

    @cached_property
    def home(self) -> Home:
        """The home.

        Raises:
            HomeError: there is none, or it can't be written.
            ProjectError: it would be that of a project which carries another installation of this program.
        """
        if self.folder and not os.environ.get(self.names.variable("HOME")):
            check_mechanism(self.folder)
        return open_home(self.names, self.folder)

    def check_project(self) -> None:
        """See that there is a project, without importing it.

        Raises:
            ProjectError: there is none.
        """
        if self.folder is None:
            _ = self.project

    @cached_property
    def project(self) -> Project:
        """What the project tells of itself.

        Raises:
            ProjectError: there is none.
        """
        return load_project(self.names, self.folder)
