"""A folder of YAML whose content is parsed already: the catalogue as overlays left it, for the same loaders as on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import Any, NoReturn


class ParsedFile(Traversable):
    """A file with its content; `read_yaml` (engine/yaml_file.py) takes `data` as it stands."""

    def __init__(self, name: str, data: object) -> None:
        self._name, self.data = name, data

    @property
    def name(self) -> str:
        """The file's name, without folders."""
        return self._name

    def is_dir(self) -> bool:
        """It is no folder."""
        return False

    def is_file(self) -> bool:
        """It is a file."""
        return True

    def iterdir(self) -> Iterator[Traversable]:
        """Nothing is below. Raises NotADirectoryError."""
        raise NotADirectoryError(self._name)

    def joinpath(self, *descendants: Any) -> Traversable:
        """Itself, or a place where nothing is."""
        return _Nothing(str(descendants[-1])) if descendants else self

    def open(self, *_args: object, **_kwargs: object) -> NoReturn:
        """It has no bytes. Raises FileNotFoundError."""
        raise FileNotFoundError(self._name)


class _Nothing(ParsedFile):
    """A place where neither file nor folder is."""

    def __init__(self, name: str) -> None:
        super().__init__(name, None)

    def is_file(self) -> bool:
        return False


class ParsedFolder(Traversable):
    """A folder of parsed files, by path below it."""

    def __init__(self, name: str, files: Mapping[PurePosixPath, object]) -> None:
        self._name = name
        below: dict[str, dict[PurePosixPath, object]] = {}
        self._entries: dict[str, Traversable] = {}
        for path, data in files.items():
            if len(path.parts) == 1:
                self._entries[path.name] = ParsedFile(path.name, data)
            else:
                below.setdefault(path.parts[0], {})[PurePosixPath(*path.parts[1:])] = data
        for folder, inner in below.items():
            self._entries[folder] = ParsedFolder(folder, inner)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self._name

    def is_dir(self) -> bool:
        """It is a folder."""
        return True

    def is_file(self) -> bool:
        """It is no file."""
        return False

    def iterdir(self) -> Iterator[Traversable]:
        """Everything directly below."""
        return iter(self._entries.values())

    def joinpath(self, *descendants: Any) -> Traversable:
        """What stands at a path below; a place where nothing is, when nothing is there."""
        place: Traversable = self
        for name in (part for each in descendants for part in PurePosixPath(each).parts):
            found = place._entries.get(name) if isinstance(place, ParsedFolder) else None
            place = found or _Nothing(name)
        return place

    def open(self, *_args: object, **_kwargs: object) -> NoReturn:
        """A folder has no bytes. Raises IsADirectoryError."""
        raise IsADirectoryError(self._name)
