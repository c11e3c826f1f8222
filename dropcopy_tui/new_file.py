"""A new file that gets its name when it is whole: never over another one, and never half of one.

Everything happens by the handle of the folder, not by its path: exchanging the folder meanwhile has no effect,
and a file that another program created under the name is neither written to nor removed.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from dropcopy_tui.domain.errors import FileRefused
from dropcopy_tui.seat import refuse_path

_PART = re.compile(r"\.dropcopy-[0-9a-f]{16}\.part")
# The errors of file systems without nameless files (NFS), and of those without hard links (FAT).
_NOT_NAMELESS = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT})
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
_NOTE = ".part-"


class NewFile:
    """A file of mode 0600 that has no name yet.

    `nameless`: it has no name at all, so that a process that is killed leaves nothing of it. Where the file system
    cannot do that, or a `kind` of file is asked for that another program must open (`part`), it has a name of its own
    until then, and a note beside the store names it (`clear_interrupted`).
    """

    def __init__(self, path: Path, store: Path | None = None, kind: str = "") -> None:
        """Raises FileRefused: the name is taken, its folder does not exist, or it cannot be written."""
        refuse_path(str(path))
        self.path = path
        self.nameless = False
        self._kind = kind
        self._part = f".dropcopy-{secrets.token_hex(8)}.part"
        self._named = False
        self._note: tuple[Path, int] | None = None
        self.handle = self._folder = -1
        try:
            self._folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._refuse_taken()
            self._note = _note(store, self.path, self._part, kind) if store is not None else None
            self._open()
        except (OSError, ValueError) as error:
            self.close()
            raise _refusal(path, error) from None
        except BaseException:
            self.close()
            raise

    @property
    def part(self) -> Path:
        """The name that the file of a `kind` has until it is published."""
        return self.path.with_name(self._part)

    def publish(self) -> None:
        """Give the file, which its writer has synced, its name.

        Raises FileExistsError if the name was taken meanwhile, and other OSErrors.
        """
        if self.nameless:
            os.link(f"/proc/self/fd/{self.handle}", self.path.name, dst_dir_fd=self._folder)
        else:
            self._rename()
        self._named = True
        os.fsync(self._folder)

    def close(self) -> None:
        """Close it; without a name, nothing of it is left."""
        if self.handle >= 0:
            if not self.nameless:
                with contextlib.suppress(OSError):
                    os.unlink(self._part, dir_fd=self._folder)
            os.close(self.handle)
        if self._folder >= 0:
            os.close(self._folder)
        if self._note is not None:
            # Where it cannot be removed, the next start removes it: it is not locked by then.
            with contextlib.suppress(OSError):
                self._note[0].unlink(missing_ok=True)
            os.close(self._note[1])
        self.handle, self._folder, self._note = -1, -1, None

    def _refuse_taken(self) -> None:
        name = self.path.name
        if name in ("", ".", ".."):
            raise FileRefused(f"{self.path} is a folder. Add a file name.")
        try:
            os.stat(name, dir_fd=self._folder, follow_symlinks=False)
        except FileNotFoundError:
            return
        raise FileExistsError

    def _open(self) -> None:
        nameless = getattr(os, "O_TMPFILE", 0)
        if nameless and not self._kind and os.path.isdir("/proc/self/fd"):
            try:
                self.handle = os.open(".", nameless | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=self._folder)
                self.nameless = True
                return
            except OSError as error:
                if error.errno not in _NOT_NAMELESS:
                    raise
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        self.handle = os.open(self._part, flags, 0o600, dir_fd=self._folder)

    def _rename(self) -> None:
        name, folder = self.path.name, self._folder
        try:
            os.link(self._part, name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # The name is taken exclusively by an empty file, which the rename then replaces.
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=folder))
            os.rename(self._part, name, src_dir_fd=folder, dst_dir_fd=folder)


@contextlib.contextmanager
def new_text_file(path: Path) -> Iterator[TextIO]:
    """A file of UTF-8 text that gets its name once the block has ended without an error. Raises FileRefused."""
    new = NewFile(path)
    try:
        with os.fdopen(os.dup(new.handle), "w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        new.publish()
    except FileExistsError:
        raise FileRefused(f"{path} was created by another program meanwhile. Use another name.") from None
    except OSError as error:
        raise FileRefused(f"{path} cannot be written ({error.strerror}). No file was created.") from None
    finally:
        new.close()


def _refusal(path: Path, error: OSError | ValueError) -> FileRefused:
    if isinstance(error, FileExistsError):
        return FileRefused(f"{path} already exists. Nothing was changed. Use another name.")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return FileRefused(f"The folder {path.parent} does not exist. Create it, or use another one.")
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return FileRefused(f"{path} cannot be written: {why}. Choose another name.")


def _note(store: Path, path: Path, part: str, kind: str) -> tuple[Path, int]:
    """A file beside the store that names the part; it is locked as long as this process lives."""
    note = store.with_name(f"{store.name}{_NOTE}{secrets.token_hex(8)}")
    while True:
        handle = os.open(note, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.write(handle, json.dumps({"path": os.fspath(path.absolute()), "part": part, "kind": kind}).encode())
        except BaseException:
            os.close(handle)
            note.unlink(missing_ok=True)
            raise
        # Another process may have found the note before it was locked, and removed it as one that was left behind.
        if os.fstat(handle).st_nlink:
            return note, handle
        os.close(handle)


def clear_interrupted(store: Path) -> tuple[str, ...]:
    """Remove what processes that were killed left of new files; one sentence for each file that was not completed."""
    said = []
    with contextlib.suppress(OSError):
        names = sorted(name for name in os.listdir(store.parent) if name.startswith(store.name + _NOTE))
        for name in names:
            with contextlib.suppress(OSError):
                said += _cleared(store.with_name(name))
    return tuple(said)


def _cleared(note: Path) -> list[str]:
    handle = os.open(note, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []  # its process is at work
        try:
            what = json.loads(os.read(handle, 65_536))
            path, part, kind = Path(what["path"]), str(what["part"]), str(what.get("kind", ""))
        except (ValueError, KeyError, TypeError):
            return []  # it was killed before it wrote the note, and before it made a file
        finally:
            note.unlink(missing_ok=True)
        if _PART.fullmatch(part):
            _remove_part(path.parent, part)
        if os.path.lexists(path):
            return []
        named = f"The {kind or 'key file'} {path} was interrupted before it was complete, and no partial file remains."
        return [named if kind else f"{named} If the audit trail shows its download, download it again."]
    finally:
        os.close(handle)


def _remove_part(folder: Path, part: str) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            facts = os.stat(part, dir_fd=handle, follow_symlinks=False)
            if stat.S_ISREG(facts.st_mode) and facts.st_uid == os.geteuid():
                os.unlink(part, dir_fd=handle)
                # What SQLite and the writers' queue had beside it.
                for ending in (".gate", "-journal"):
                    with contextlib.suppress(OSError):
                        os.unlink(part + ending, dir_fd=handle)
        finally:
            os.close(handle)
