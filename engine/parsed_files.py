"""A folder of YAML that is parsed already: the catalogue as overlays left it, for the same loaders as on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import NoReturn

PathText = str | os.PathLike[str]


class _Parsed(Traversable):
    """What has a name and no bytes."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        """The name, without folders."""
        return self._name

    def is_dir(self) -> bool:
        """Is it a folder?"""
        return False

    def is_file(self) -> bool:
        """Is it a file?"""
        return False

    def iterdir(self) -> Iterator[Traversable]:
        """Everything directly below."""
        return iter(())

    def joinpath(self, *descendants: PathText) -> Traversable:
        """What stands at a path below; a place where nothing is, when nothing is there."""
        place: Traversable = self
        for name in (part for each in descendants for part in PurePosixPath(each).parts):
            place = next((entry for entry in place.iterdir() if entry.name == name), _Parsed(name))
        return place

    def open(self, mode: str = "r", *_args: object, **_kwargs: object) -> NoReturn:
        """It has no bytes. Raises FileNotFoundError."""
        raise FileNotFoundError(f"{self._name} is not on disk (mode {mode})")

    def read_bytes(self) -> NoReturn:
        """It has no bytes. Raises FileNotFoundError."""
        self.open("rb")

    def read_text(self, encoding: str | None = None) -> NoReturn:
        """It has no bytes. Raises FileNotFoundError."""
        self.open(encoding=encoding)


class ParsedFile(_Parsed):
    """A file with its content; `read_yaml` (engine/yaml_file.py) takes `data` as it stands."""

    def __init__(self, name: str, data: object) -> None:
        super().__init__(name)
        self.data = data

    def is_file(self) -> bool:
        """It is a file."""
        return True


class ParsedFolder(_Parsed):
    """A folder of parsed files, by path below it."""

    def __init__(self, name: str, files: Mapping[PurePosixPath, object]) -> None:
        super().__init__(name)
        self._entries: list[Traversable] = []
        below: dict[str, dict[PurePosixPath, object]] = {}
        for path, data in files.items():
            if len(path.parts) == 1:
                self._entries.append(ParsedFile(path.name, data))
            else:
                below.setdefault(path.parts[0], {})[PurePosixPath(*path.parts[1:])] = data
        self._entries += (ParsedFolder(folder, inner) for folder, inner in below.items())

    def is_dir(self) -> bool:
        """It is a folder."""
        return True

    def iterdir(self) -> Iterator[Traversable]:
        """Everything directly below."""
        return iter(self._entries)
