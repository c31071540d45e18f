"""What is refused before training, with configs of ours and the data they are not for."""

import importlib
import logging
import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import clip

from blazepose_skl.errors import InputError

pytest.importorskip('mmaction', reason='mmaction2 is absent')
importlib.import_module('blazepose_skl.mmaction2')  # before what it mends

from mmaction.registry import DATASETS
from mmengine.config import Config
from mmengine.registry import init_default_scope

from blazepose_skl.mmaction2.training import CheckLabels

CONFIGS = Path(__file__).parent.parent / 'configs'


@pytest.fixture
def check(tmp_path, caplog):
    def run(config, classes=3, channels=2, labels=(0, 1, 2), names=None, scored=True):
        annotations = [
            clip(33, channels=channels, frames=3, scored=scored)
            | dict(frame_dir=str(i), total_frames=3, img_shape=(480, 640))
            | ({} if label is None else dict(label=label))
            for i, label in enumerate(labels)
        ]
        file = dict(split=dict(train=[made['frame_dir'] for made in annotations]), annotations=annotations)
        if names:
            file['class_names'] = [f'class {number}' for number in range(names)]
        path = tmp_path / 'data.pkl'
        path.write_bytes(pickle.dumps(file))
        init_default_scope('mmaction')
        settings = Config.fromfile(CONFIGS / config).train_dataloader.dataset
        settings.get('dataset', settings).ann_file = str(path)
        runner = SimpleNamespace(
            model=SimpleNamespace(cls_head=SimpleNamespace(num_classes=classes)),
            train_dataloader=SimpleNamespace(dataset=DATASETS.build(settings)),
            logger=logging.getLogger('test'),
        )
        CheckLabels().before_train(runner)
        return [record.message for record in caplog.records if record.name == 'test']

    return run


SMALL = 'stgcnpp/stgcnpp_1xb16-joint-r32-40e-small_custom-blazepose.py'
FOR_PICTURES = {
    SMALL: 'NormalizeBody',
    'stgcn/stgcn_8xb16-bone-u100-80e_custom-blazepose.py': 'UniformSampleSkeleton',
    'paper/stgcn_1xb64-spatial-f300-80e_custom-blazepose.py': 'PreNormalize2D',
    'posec3d/slowonly_8xb16-joint-u48-240e_custom-blazepose.py': 'PoseCompact',
}
FOR_WORLDS = ['stgcn/stgcn_8xb16-bone-u100-80e_custom-blazepose-3d.py', SMALL.replace('.py', '-3d.py')]


@pytest.mark.parametrize(('config', 'step'), FOR_PICTURES.items())
def test_world_landmarks_in_a_config_for_pictures_are_refused(check, config, step):
    with pytest.raises(InputError, match=f'world landmarks .*, and {step} takes x and y in a picture; train a config'):
        check(config, channels=3)
    assert check(config, channels=2) == []


@pytest.mark.parametrize('config', FOR_WORLDS)
def test_world_landmarks_in_a_config_for_them_are_taken(check, config):
    assert check(config, channels=3) == []


def test_a_class_without_a_clip_is_refused_unless_the_file_names_it(check):
    with pytest.raises(InputError, match=r"'train': no training clip of 2 of 5 classes \(3, 4\); add clips, or set"):
        check(SMALL, classes=5, names=3)
    (warning,) = check(SMALL, classes=101, names=101)
    assert warning.endswith('no training clip of 98 of 101 classes (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, …)')


def test_a_label_beyond_the_classes_is_refused(check):
    with pytest.raises(InputError, match='label 2 where the model has classes 0 to 1; set num_classes'):
        check(SMALL, classes=2)


def test_clips_without_labels_are_refused(check):
    with pytest.raises(InputError, match="split 'train': no clip has a label; give every annotation its label"):
        check(SMALL, labels=(None, None))
