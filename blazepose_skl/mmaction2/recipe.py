"""What a checkpoint says about how it was trained, read without executing any of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ['difference', 'innermost', 'read_recipe', 'tested_dataset']

# What does not change what a network computes of a clip.
_INDIFFERENT = (
    'dropout',
    'init_cfg',
    'label_smooth_eps',
    'loss_cls',
    'num_classes',
    'num_clips',
    'pretrained',
    'test_cfg',
    'train_cfg',
)


def read_recipe(text: str) -> dict[str, Any]:
    """The settings in the text of a config, as MMEngine writes it into checkpoints.

    Only plain values and ``dict(…)`` are read; a setting that holds anything else is left out.

    >>> read_recipe("model = dict(type='STGCN', depths=[1, 2])\\nsecret = open('/etc/passwd')")
    {'model': {'type': 'STGCN', 'depths': [1, 2]}}
    """
    settings = {}
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            try:
                settings[statement.targets[0].id] = _value(statement.value)
            except (ValueError, TypeError, RecursionError):
                continue
    return settings


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict' and not node.args:
        return {str(keyword.arg): _value(keyword.value) for keyword in node.keywords}
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value) for key, value in zip(node.keys, node.values, strict=True) if key}
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(item) for item in node.elts]
    return ast.literal_eval(node)


def tested_dataset(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data set that a config tests on, without what is wrapped around it; empty if it names none."""
    return dict(innermost((config.get('test_dataloader') or {}).get('dataset') or {}))


def innermost(dataset: Any) -> Any:
    """A data set's settings without what is wrapped around it, as ``RepeatDataset`` is."""
    while 'dataset' in dataset:
        dataset = dataset['dataset']
    return dataset


def difference(checkpoint: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    """The first setting that makes a network of another recipe, None if there is none.

    Args:
        checkpoint: From :func:`read_recipe`.
        config: The config to be used.
    """
    if 'model' not in checkpoint or not tested_dataset(checkpoint):
        return None
    theirs, ours = dict(_recipe(checkpoint)), dict(_recipe(config))
    for place in [*theirs, *(place for place in ours if place not in theirs)]:
        if theirs.get(place) != ours.get(place):
            return f'{place} = {theirs.get(place, "nothing")!r} instead of the {ours.get(place, "nothing")!r}'
    return None


def _recipe(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from _leaves('model', config['model'])
    yield from _leaves('test_pipeline', tested_dataset(config).get('pipeline', ()))


def _leaves(place: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        # An argument that is None is mostly one that is not given.
        items = [(key, item) for key, item in value.items() if key not in _INDIFFERENT and item is not None]
    elif isinstance(value, (list, tuple)):
        items = list(enumerate(value))
    else:
        yield place, value
        return
    for key, item in items:
        yield from _leaves(f'{place}.{key}', item)
