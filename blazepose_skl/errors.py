"""The exception for everything a user can cause."""


class InputError(ValueError):
    """Something a user gave is wrong; the text is one sentence that says what, where and what to do.

    The command line prints the text alone and exits with status 1 (see :mod:`blazepose_skl.cli`).
    """
