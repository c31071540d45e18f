"""Doctest imports every module; an adapter cannot be imported where its framework is not installed."""

from importlib.util import find_spec

_FRAMEWORKS = {'mmaction2': 'mmaction', 'pyskl': 'pyskl'}

collect_ignore_glob = [f'blazepose_skl/{ours}/*' for ours, name in _FRAMEWORKS.items() if find_spec(name) is None]
