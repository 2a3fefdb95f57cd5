"""Static files under names that contain their content, so that a browser may keep them for ever.

``static/askpro.css`` is served as ``/static/askpro.<hash>.css``. A theme's own file goes before the default
theme's of the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path, PurePosixPath

__all__ = ("Assets", "content_hash")

_DIGITS = 12
_UNSERVED = frozenset({".LICENSE", ".json"})


def content_hash(content: bytes) -> str:
    """The part of a public file name that changes with its content."""
    return sha256(content).hexdigest()[:_DIGITS]


class Assets:
    """The files below some folders, earlier folders first, read once at start."""

    def __init__(self, folders: Sequence[Path], prefix: str = "/static/") -> None:
        self.prefix = prefix
        self._url: dict[str, str] = {}
        self._file: dict[str, Path] = {}
        for folder in folders:
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                name = file.relative_to(folder).as_posix()
                if name in self._url or file.suffix in _UNSERVED:
                    continue
                public = _named(name, content_hash(file.read_bytes()))
                self._url[name] = prefix + public
                self._file[public] = file

    def url(self, name: str) -> str:
        """The address of a file. Raises KeyError for one that does not exist, so a wrong name fails the page."""
        return self._url[name]

    def file(self, public: str) -> Path | None:
        """The file behind ``public``, the part of the address after the prefix; None if there is none.

        Only names that were handed out are known, so no path can lead outside.
        """
        return self._file.get(public)

    def names(self) -> frozenset[str]:
        """All that is served, by plain name."""
        return frozenset(self._url)


def _named(name: str, digest: str) -> str:
    path = PurePosixPath(name)
    return path.with_name(f"{path.stem}.{digest}{path.suffix}").as_posix()
