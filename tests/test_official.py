"""Official splits."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazepose_skl.errors import InputError
from blazepose_skl.labels import Label
from blazepose_skl.official import (
    MISSING_LISTS,
    Ntu,
    ntu_split,
    read_hmdb51,
    read_kinetics,
    read_missing,
    read_official,
    read_ucf101,
)


def test_ucf101(tmp_path: Path) -> None:
    (tmp_path / 'classInd.txt').write_text('1 ApplyEyeMakeup\n2 Archery\n')
    (tmp_path / 'trainlist01.txt').write_text(
        'ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi 1\nArchery/v_Archery_g08_c01.avi 2\n'
    )
    (tmp_path / 'testlist01.txt').write_text('Archery/v_Archery_g01_c01.avi\n')
    lists = read_ucf101(tmp_path)
    assert lists.classes == ['ApplyEyeMakeup', 'Archery']
    assert lists.labels['v_Archery_g01_c01'] == 'Archery'
    clips = ['x/v_Archery_g01_c01', 'v_Archery_g08_c01', 'v_Archery_g09_c09']
    assert lists.split(clips) == dict(train=['v_Archery_g08_c01'], val=['x/v_Archery_g01_c01'])
    assert lists.split(clips[:1]) == dict(val=clips[:1])
    label_of, warnings = lists.for_clips(clips)
    assert label_of(clips[0]) == Label('Archery')
    assert warnings == ['clips that are not in the official lists: 1 (v_Archery_g09_c09)']
    with pytest.raises(InputError, match=r'none of the 1 clips is in the official lists, which call them v_Apply'):
        lists.for_clips(['x'])
    with pytest.raises(InputError, match=r'trainlist02.txt: cannot be read'):
        read_ucf101(tmp_path, 2)


def test_hmdb51(tmp_path: Path) -> None:
    (tmp_path / 'brush_hair_test_split1.txt').write_text('a_brush.avi 1 \nb_brush.avi 2 \nc_brush.avi 0 \n')
    lists = read_hmdb51(tmp_path)
    assert lists.split(['h/a_brush', 'h/b_brush', 'h/c_brush']) == dict(train=['h/a_brush'], val=['h/b_brush'])
    assert lists.classes == ['brush_hair']
    with pytest.raises(InputError, match='no list such as brush_hair_test_split3'):
        read_hmdb51(tmp_path, 3)


def test_kinetics(tmp_path: Path) -> None:
    (tmp_path / 'train.csv').write_text(
        'label,youtube_id,time_start,time_end,split\nabseiling,-3B32lodo2M,59,69,train\n'
    )
    lists = read_kinetics({'train': tmp_path / 'train.csv'})
    assert lists.split(['a/-3B32lodo2M_000059_000069', 'a/-3B32lodo2M', 'a/x'])['train'] == [
        'a/-3B32lodo2M_000059_000069',
        'a/-3B32lodo2M',
    ]


def test_kinetics_in_other_forms(tmp_path: Path) -> None:
    """Columns in another order and in capitals, seconds as floats; a video in two classes or parts names no clip."""
    (tmp_path / 'train.csv').write_text('Split,Time_end,YouTube_id,Label,time_start\ntrain, 69.0, a, "x, y", 59.0\n')
    (tmp_path / 'val.csv').write_text('label,youtube_id,time_start,time_end\nz,a,0,10\nz,b,0,10\n')
    lists = read_kinetics({part: tmp_path / f'{part}.csv' for part in ('train', 'val')})
    clips = ['x/a_000059_000069', 'z/a_000000_000010.mp4', 'a', 'b']
    assert lists.split(clips) == dict(train=clips[:1], val=[clips[1], 'b'])
    assert [lists.label_of(clip) for clip in clips] == [Label('x, y'), Label('z'), None, Label('z')]
    assert read_official('kinetics', tmp_path).classes == ['x, y', 'z']
    (tmp_path / 'train.csv').write_text('label,id\nx,a\n')
    with pytest.raises(InputError, match=r'train.csv: columns label and youtube_id were expected, found label, id'):
        read_official('kinetics', tmp_path)
    (tmp_path / 'train.csv').write_text('label,youtube_id\nx,a\n,b\n')
    with pytest.raises(InputError, match=r'train.csv, row 3: no label'):
        read_official('kinetics', tmp_path)
    with pytest.raises(InputError, match=r'no train.csv, val.csv, validate.csv in this folder'):
        read_official('kinetics', tmp_path.parent)
    with pytest.raises(InputError, match=r'train.csv: there is no such folder; give the folder with the official'):
        read_official('kinetics', tmp_path / 'train.csv')


@pytest.mark.parametrize(
    ('protocol', 'train'),
    [('ntu60-xsub', [0]), ('ntu60-xview', [1]), ('ntu120-xsub', [0, 3]), ('ntu120-xset', [1, 2])],
)
def test_ntu(protocol: str, train: list[int]) -> None:
    clips = [
        'S001C001P001R001A001',
        'S002C002P003R002A013',
        'S018C001P044R001A061',
        'S017C001P045R001A061',
        'S001C002P001R001A002',
    ]
    split = ntu_split(clips, protocol, frozenset(['S001C002P001R001A002']))
    wanted = [clips[n] for n in train]
    assert split['train'] == wanted
    others = clips[:2] if '60' in protocol else clips[:4]
    assert split['val'] == [clip for clip in others if clip not in wanted]
    assert ntu_split(wanted, protocol) == dict(train=wanted)  # no part without clips


def test_the_classes_of_ntu() -> None:
    assert len(Ntu('ntu60-xsub').classes) == 60
    assert Ntu('ntu120-xset').classes[-1] == 'A120'
    assert Ntu('ntu120-xset').label_of('a/S018C001P044R001A061_rgb') == Label('A061')


def test_the_lists_of_ntu_in_a_folder(tmp_path: Path) -> None:
    samples = ['S001C002P005R002A008', 'S018C002P045R002A061']
    for count, (name, sample) in enumerate(zip(MISSING_LISTS, samples, strict=True), 1):
        (tmp_path / name).write_text(f'{sample}\n')
        assert read_official('ntu120-xsub', tmp_path / name) == Ntu('ntu120-xsub', frozenset([sample]))
        assert read_official('ntu120-xsub', tmp_path) == Ntu('ntu120-xsub', frozenset(samples[:count]))


def test_ntu_messages(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'walk' is not called as NTU"):
        ntu_split(['walk'], 'ntu60-xsub')
    with pytest.raises(InputError, match="no protocol 'x'; there are ntu60-xsub"):
        ntu_split([], 'x')
    with pytest.raises(
        InputError, match=r'no NTU_RGBD_samples_with_missing_skeletons\.txt and no NTU_RGBD120_samples.*'
    ):
        read_official('ntu60-xsub', tmp_path)
    (tmp_path / 'missing.txt').write_text('Samples with missing skeletons\nS001C002P005R002A008\n')
    assert read_missing(tmp_path / 'missing.txt') == {'S001C002P005R002A008'}
