"""Text files that a user names: lists, labels, class names."""

from __future__ import annotations

from pathlib import Path

from blazepose_skl.errors import InputError

__all__ = ['read_lines', 'read_text']


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises:
        InputError: It cannot be read, or is no such text.
    """
    try:
        return path.read_text(encoding='utf-8-sig')
    except OSError as error:
        raise InputError(f'{path}: cannot be read: {error.strerror}') from None
    except UnicodeDecodeError:
        raise InputError(f'{path}: not a text in UTF-8; save it as UTF-8') from None


def read_lines(path: Path) -> list[str]:
    """The lines of a list that are not blank, without the blanks around them.

    Raises:
        InputError: It cannot be read or is empty.
    """
    lines = [line.strip() for line in read_text(path).splitlines() if line.strip()]
    if not lines:
        raise InputError(f'{path}: the list is empty; an entry in each line was expected')
    return lines
