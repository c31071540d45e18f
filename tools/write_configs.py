"""Write the leaves of configs/: each says only what it adds to a model and a recipe of configs/_base_.

    python tools/write_configs.py

A leaf is called <model>_<GPUs>xb<batch>-<input>-<recipe>_<data set>-<layout>.py, as MMAction2 calls its own; 3-D ones
end in -3d. What differs by more than a line belongs to a base, and what one leaf alone should have belongs to a config
that a user derives from it.

Beside them it writes what OpenMMLab's tools list models from: a metafile.yml in each folder, and model-index.yml.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import yaml

from blazepose_skl.configs import kind_of
from blazepose_skl.outfiles import write_whole
from blazepose_skl.partitions import SPLITS
from blazepose_skl.skeletons import get_skeleton

CONFIGS = Path(__file__).parent.parent / 'configs'

# Data set: the number of its classes. The data is in data/<name>.pkl, in the parts train and val.
DATA_SETS = {
    **{f'ucf101-split{number}': 101 for number in (1, 2, 3)},
    **{f'hmdb51-split{number}': 51 for number in (1, 2, 3)},
    'k400': 400,
    **{f'ntu60-{protocol}': 60 for protocol in ('xsub', 'xview')},
    **{f'ntu120-{protocol}': 120 for protocol in ('xsub', 'xset')},
}
CUSTOM = 'custom'  # the user's own, named on the command line
LAYOUTS = ('blazepose', 'enhanced_blazepose')
STREAMS = {'joint': 'j', 'bone': 'b', 'joint-motion': 'jm', 'bone-motion': 'bm'}
GRAPH_NETWORKS = {'stgcn': 'stgcn', 'stgcnpp': 'stgcnpp', '2s-agcn': 'agcn'}  # folder: base

# Folder: the name of the collection, the architecture, and the address and title of its paper, as MMAction2 has them.
COLLECTIONS = {
    '2s-agcn': (
        'AGCN',
        'AGCN',
        'https://arxiv.org/abs/1805.07694',
        'Two-Stream Adaptive Graph Convolutional Networks for Skeleton-Based Action Recognition',
    ),
    'paper': (
        'Enhanced-BlazePose',
        'STGCN',
        'https://doi.org/10.32604/cmc.2023.032499',
        'Using BlazePose on Spatial Temporal Graph Convolutional Networks for Action Recognition',
    ),
    'posec3d': (
        'PoseC3D',
        'SlowOnly-R50',
        'https://arxiv.org/abs/2104.13586',
        'Revisiting Skeleton-based Action Recognition',
    ),
    'rgbpose_conv3d': (
        'RGBPose-Conv3D',
        'RGBPose-Conv3D',
        'https://arxiv.org/abs/2104.13586',
        'Revisiting Skeleton-based Action Recognition',
    ),
    'stgcn': (
        'STGCN',
        'STGCN',
        'https://arxiv.org/abs/1801.07455',
        'Spatial Temporal Graph Convolutional Networks for Skeleton-Based Action Recognition',
    ),
    'stgcnpp': (
        'STGCN++',
        'STGCN++',
        'https://arxiv.org/abs/2205.09443',
        'PYSKL: Towards Good Practices for Skeleton Action Recognition',
    ),
}

_DATA_SET = """\
_base_ = '{own}'
ann_file, num_classes = 'data/{name}.pkl', {classes}
model = dict(cls_head=dict(num_classes=num_classes))
"""
_GRAPH_NETWORK = 'model = dict(backbone=dict(in_channels=_base_.in_channels, graph_cfg=dict({graph})))\n'
_HEATMAP_NETWORK = 'model = dict(backbone=dict(in_channels={channels}))\n'
_STREAM = "features = dict(type='GenSkeFeat', dataset=layout, feats=['{stream}'])\n"
_SAMPLED = "features = dict(type='UniformSampleSkeleton', layout=layout, feats=['{stream}'], **_base_.sampling)\n"
_HEATMAPS = (
    "features = dict(type='GeneratePoseTarget', sigma=0.6, use_score=True, with_kp={joints}, with_limb={limbs}, "
    'skeletons=layout)\n'
)
_RGB_AND_POSE = """\
features = dict(
    type='GeneratePoseTarget',
    sigma=0.7,
    use_score=True,
    with_kp=True,
    with_limb=False,
    scaling=0.25,
    skeletons=layout,
)
"""
_PIPELINES = """\
train_pipeline = [{before}*_base_.before_train, features, *_base_.after_train]
val_pipeline = [{before}*_base_.before_val, {validated}, *_base_.after_val]
test_pipeline = [{before}*_base_.before_test, {tested}, *_base_.after_test]
train_dataloader = dict(dataset={train})
val_dataloader = dict(dataset=dict(pipeline=val_pipeline))
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
"""


@dataclass(frozen=True)
class Recipe:
    """How networks are trained: the part of a leaf's name that says so, and its bases."""

    name: str
    processes: str
    base: str
    model: str = '{}'  # of the base of the model
    repeated: bool = True  # the training set is in a RepeatDataset
    suffix: str = ''

    def head(self, model: str) -> str:
        """The lines that name the bases."""
        return f"_base_ = ['../_base_/models/{self.model.format(model)}.py', '../_base_/recipes/{self.base}.py']\n"

    def pipelines(self, before: str = '', validated: str = 'features', tested: str = 'features') -> str:
        """The lines that put the steps of a leaf between those of the recipe."""
        inner = 'dict(pipeline=train_pipeline)'
        return _PIPELINES.format(
            before=before,
            validated=validated,
            tested=tested,
            train=f'dict(dataset={inner})' if self.repeated else inner,
        )


STOCK = Recipe('u100-80e', '8xb16', 'u100_80e')
STOCK_3D = Recipe('u100-80e', '8xb16', 'u100_80e_3d', suffix='-3d')
SMALL = Recipe('r32-40e-small', '1xb16', 'small', '{}_small', repeated=False)
SMALL_3D = Recipe('r32-40e-small', '1xb16', 'small_3d', '{}_small', repeated=False, suffix='-3d')
GRAPH_RECIPES = (STOCK, STOCK_3D, SMALL, SMALL_3D)
HEATMAPS = Recipe('u48-240e', '8xb16', 'u48_240e')
SMALL_HEATMAPS = Recipe('u16-40e-small', '1xb16', 'small_heatmaps', '{}_small', repeated=False)
PAPER = Recipe('f300-80e', '1xb64', 'f300_80e')
RGB_AND_POSE = Recipe('u8-20e', '8xb6', 'u8_20e', repeated=False)


def leaves() -> dict[str, str]:
    """The text of every leaf by its path in configs/."""
    return dict(sorted([*graph_networks(), *heatmap_networks(), *rgb_and_pose(), *paper()]))


def inputs() -> dict[str, str]:
    """What graph networks see of a clip, a stream of a layout in the pipelines of a recipe: the text by its path."""
    return {_input_path(*seen): _input(*seen) for seen in product(STREAMS, LAYOUTS, GRAPH_RECIPES)}


def graph_networks() -> Iterator[tuple[str, str]]:
    """ST-GCN, ST-GCN++ and 2s-AGCN: four streams of every data set, for both layouts, in 2-D and 3-D."""
    for (folder, base), stream, layout, recipe in product(GRAPH_NETWORKS.items(), STREAMS, LAYOUTS, GRAPH_RECIPES):
        model = f'../_base_/models/{recipe.model.format(base)}.py'
        text = f"_base_ = ['{model}', '../{_input_path(stream, layout, recipe)}']\n"
        text += _GRAPH_NETWORK.format(graph='layout=_base_.layout')
        name = f'{folder}/{folder}_{recipe.processes}-{stream}-{recipe.name}_{{}}-{_dashed(layout)}{recipe.suffix}.py'
        yield from _of_data_sets(name, text, DATA_SETS if recipe in (STOCK, STOCK_3D) else ())


def _input_path(stream: str, layout: str, recipe: Recipe) -> str:
    return f'_base_/inputs/{stream}-{recipe.name}-{_dashed(layout)}{recipe.suffix}.py'


def _input(stream: str, layout: str, recipe: Recipe) -> str:
    text = f"_base_ = '../recipes/{recipe.base}.py'\nlayout = '{layout}'\n"
    if recipe in (SMALL, SMALL_3D):
        return text + _STREAM.format(stream=STREAMS[stream]) + recipe.pipelines()
    validated, tested = 'dict(features, test_mode=True)', 'dict(features, test_mode=True, num_clips=10)'
    return text + _SAMPLED.format(stream=STREAMS[stream]) + recipe.pipelines(validated=validated, tested=tested)


def heatmap_networks() -> Iterator[tuple[str, str]]:
    """PoseC3D on heatmaps of joints, for which layouts do not differ, and of limbs."""
    parts = [('joint', 'blazepose'), *(('limb', layout) for layout in LAYOUTS)]
    for (part, layout), recipe in product(parts, (HEATMAPS, SMALL_HEATMAPS)):
        skeleton = get_skeleton(layout)
        channels = skeleton.num_joints if part == 'joint' else len(skeleton.limbs)
        text = recipe.head('slowonly') + f"layout = '{layout}'\n" + _HEATMAP_NETWORK.format(channels=channels)
        text += _HEATMAPS.format(joints=part == 'joint', limbs=part == 'limb')
        text += recipe.pipelines(tested='dict(features, double=True)')
        name = f'posec3d/slowonly_{recipe.processes}-{part}-{recipe.name}_{{}}-{_dashed(layout)}.py'
        yield from _of_data_sets(name, text, DATA_SETS if recipe is HEATMAPS else ())


def rgb_and_pose() -> Iterator[tuple[str, str]]:
    """RGBPose-Conv3D on pictures and heatmaps of joints."""
    text = RGB_AND_POSE.head('rgbpose_conv3d') + "layout = 'blazepose'\n" + _RGB_AND_POSE
    text += RGB_AND_POSE.pipelines()
    name = f'rgbpose_conv3d/rgbpose-conv3d_{RGB_AND_POSE.processes}-rgb-joint-{RGB_AND_POSE.name}_{{}}-blazepose.py'
    yield from _of_data_sets(name, text, DATA_SETS)


def paper() -> Iterator[tuple[str, str]]:
    """The experiment of "Enhanced-BlazePose": three topologies, in the spatial configuration and the splits."""
    data_sets = [name for name in DATA_SETS if name.startswith(('ucf101', 'hmdb51'))]
    for layout in (*LAYOUTS, 'openpose'):
        text = PAPER.head('stgcn') + f"layout = '{layout}'\n"
        text += _GRAPH_NETWORK.format(graph="layout=layout, mode='stgcn_spatial'")
        text += _STREAM.format(stream='j')
        if layout == 'openpose':
            text += "remap = dict(type='RemapSkeleton', target=layout)\n"
        text += PAPER.pipelines(before='remap, ' if layout == 'openpose' else '')
        name = f'paper/stgcn_{PAPER.processes}-{{}}-{PAPER.name}_{{{{}}}}-{_dashed(layout)}.py'
        spatial = name.format('spatial')
        yield from _of_data_sets(spatial, text, data_sets)
        for mode in SPLITS:
            text = f"_base_ = '{Path(spatial.format(CUSTOM)).name}'\n"
            text += f"model = dict(backbone=dict(graph_cfg=dict(mode='{mode}')))\n"
            yield from _of_data_sets(name.format(_dashed(mode.removesuffix('_split'))), text, data_sets)


def metafiles() -> dict[str, str]:
    """The text of every metafile, in OpenMMLab's form, by its path in configs/.

    Results are those that were measured on a public data set: none yet.
    """
    return {f'{folder}/metafile.yml': _metafile(folder) for folder in COLLECTIONS}


def model_index() -> str:
    """The text of model-index.yml, which names the metafiles."""
    return yaml.safe_dump({'Import': [f'configs/{name}' for name in metafiles()]}, sort_keys=False)


def _metafile(folder: str) -> str:
    collection, architecture, address, title = COLLECTIONS[folder]
    models = []
    for name in leaves():
        kind = kind_of(name)
        assert kind is not None
        if kind.folder == folder:
            metadata = {
                'Architecture': architecture,
                'Batch Size': kind.batch,
                'Epochs': kind.epochs,
                'Training Data': kind.data,
            }
            models.append(
                {
                    'Name': Path(name).stem,
                    'Config': f'configs/{name}',
                    'In Collection': collection,
                    'Metadata': metadata,
                }
            )
    paper = {'URL': address, 'Title': title}
    content = {'Collections': [{'Name': collection, 'Paper': paper}], 'Models': models}
    return yaml.safe_dump(content, sort_keys=False, width=1000)


def _of_data_sets(name: str, text: str, data_sets: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The leaf for the user's own data, and those that differ from it by the data set."""
    own = name.format(CUSTOM)
    yield own, text
    for data in data_sets:
        yield name.format(data), _DATA_SET.format(own=Path(own).name, name=data, classes=DATA_SETS[data])


def _dashed(name: str) -> str:
    return name.replace('_', '-')


def main() -> None:
    wanted = leaves() | inputs()
    for folder in sorted({(CONFIGS / name).parent for name in wanted}):
        folder.mkdir(exist_ok=True)
        for old in folder.glob('*.py'):
            if old.relative_to(CONFIGS).as_posix() not in wanted:
                old.unlink()
    for name, text in wanted.items():
        write_whole(CONFIGS / name, text.encode())
    for name, text in metafiles().items():
        write_whole(CONFIGS / name, text.encode())
    write_whole(CONFIGS.parent / 'model-index.yml', model_index().encode())
    print(f'{len(leaves())} configs')


if __name__ == '__main__':
    main()
