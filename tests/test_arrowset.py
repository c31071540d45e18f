"""Annotation sets in Arrow files: what a pickle holds they hold, and what is damaged is a sentence."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import make_motion, tasks, write_dump
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

pa = pytest.importorskip('pyarrow', reason='pyarrow is absent')

from blazepose_skl import arrowset, arrowwriting
from blazepose_skl.annotations import AnnotationWriter, pack_annotation, read_annotations
from blazepose_skl.arrowset import ArrowSet, Clips
from blazepose_skl.cli import main
from blazepose_skl.convert import convert
from blazepose_skl.dumps import Reading
from blazepose_skl.errors import InputError
from blazepose_skl.footage import ClipFootage, open_footage
from blazepose_skl.plainpack import pack, unpack
from blazepose_skl.remap import remap_pickle
from blazepose_skl.repack import repack
from blazepose_skl.splits import Split, split_last


def made(clips: int = 6, **more: Any) -> dict[str, Any]:
    random = np.random.default_rng(0)
    items = [
        dict(
            frame_dir=f'class {n % 2}/{n:02}',
            label=n % 2,
            img_shape=(480, 640),
            original_shape=(480, 640),
            total_frames=n + 2,
            keypoint=random.normal(size=(1 + n % 2, n + 2, 33, 2)).astype(np.float32),
            keypoint_score=random.uniform(size=(1 + n % 2, n + 2, 33)).astype(np.float32),
        )
        for n in range(clips)
    ]
    names = [item['frame_dir'] for item in items]
    return dict(split=dict(train=names[1:], val=names[:1]), annotations=items, class_names=['a', 'b'], **more)


def packed(folder: Path, data: Any, name: str = 'a') -> Path:
    (folder / f'{name}.pkl').write_bytes(pickle.dumps(data))
    repack(folder / f'{name}.pkl', folder / f'{name}.arrow')
    return folder / f'{name}.arrow'


def there_and_back(folder: Path, data: Any) -> Any:
    repack(packed(folder, data), folder / 'back.pkl')
    return pickle.loads((folder / 'back.pkl').read_bytes())


def assert_same(one: Any, other: Any) -> None:
    """Equal, type and all, NaN equal to NaN."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for part, counterpart in zip(one, other, strict=True):
            assert_same(part, counterpart)
    elif isinstance(one, (np.ndarray, np.generic)):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        np.testing.assert_array_equal(one, other)
    else:
        np.testing.assert_equal(one, other)


# -- laws -------------------------------------------------------------------------------------------

texts = st.text(max_size=8)  # half a surrogate pair too
numbers = st.integers() | st.floats() | st.booleans() | st.none()
scalars = arrays.from_dtype(np.dtype('<f2')) | arrays.from_dtype(np.dtype('<i8')) | arrays.from_dtype(np.dtype('?'))
some_array = arrays.arrays(
    st.sampled_from(['<f2', '<f4', '>f8', '<i8', '|u1', '?', '<U3']), arrays.array_shapes(min_dims=0, min_side=0)
)
plain = st.recursive(
    texts | numbers | st.binary() | scalars | some_array,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(texts | st.integers() | st.floats(allow_nan=False), inner, max_size=3)
        | st.sets(st.integers() | texts, max_size=3)
    ),
    max_leaves=8,
)


@given(plain)
def test_what_is_packed_is_unpacked(value: Any) -> None:
    assert_same(unpack(pack(value)), value)


@st.composite
def annotations(draw: st.DrawFn) -> dict[str, Any]:
    """As the frameworks have them, as people write them, and with anything anywhere."""
    frames, people = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    channels = draw(st.sampled_from([2, 3]))
    kind = draw(st.sampled_from(['<f2', '<f4', '<f8', '>f4', '<i4']))
    usual = dict(
        frame_dir=draw(texts),
        label=draw(st.integers(0, 400)),
        img_shape=(480, 640),
        original_shape=(480, 640),
        total_frames=frames,
        fps=25.0,
        missed=0.5,
        keypoint=draw(arrays.arrays(kind, (people, frames, 2, channels))),
        keypoint_score=draw(arrays.arrays('<f4', (people, frames, 2))),
    )
    keys = draw(st.sets(st.sampled_from(sorted(usual))))
    odd = draw(st.dictionaries(st.sampled_from([*usual, 'filename', 'valid', 'rest', 'checksum', 'part']), plain))
    return {key: value for key, value in usual.items() if key in keys} | odd


names = st.lists(texts, max_size=3)
splits = st.dictionaries(texts | st.integers(), names | names.map(tuple) | st.none(), max_size=3) | plain
extras = st.dictionaries(texts.filter(lambda key: key not in ('annotations', 'split')), plain, max_size=2)


@settings(deadline=None, max_examples=60)
@given(items=st.lists(annotations(), max_size=5), split=splits, rest=extras)
@example(items=[{}, {}, {}, dict(frame_dir={'a': 0, 'b': 0})], split={}, rest={})
@example(items=[dict(frame_dir=([],))], split={'': []}, rest={})
def test_a_pickle_is_what_it_was(
    tmp_path_factory: pytest.TempPathFactory, items: list[Any], split: Any, rest: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp('made')
    # Other orders of bytes become this machine's in whatever reads a pickle.
    items, split, rest = pickle.loads(pickle.dumps((items, split, rest)))
    data = dict(annotations=items, split=split, **rest)
    assert_same(there_and_back(folder, data), data)
    assert_same(there_and_back(folder, items), items)  # a list of annotations
    whole = read_annotations(folder / 'a.arrow')
    assert_same(whole, dict(annotations=items))


@pytest.mark.parametrize('clips', [0, 1, 9])
@pytest.mark.parametrize('rest', [{}, dict(skeleton='blazepose', provenance=dict(rejected=3))])
def test_many_record_batches(tmp_path: Path, clips: int, rest: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrowwriting, '_BATCH', 4000)
    data = made(clips, **rest)
    assert_same(there_and_back(tmp_path, data), data)
    found = ArrowSet(tmp_path / 'a.arrow')
    assert_same([found.clip(number) for number in range(len(found))], data['annotations'])
    with pa.memory_map(str(tmp_path / 'a.arrow')) as source:
        assert pa.ipc.open_file(source).num_record_batches == {0: 1, 1: 2, 9: 7}[clips]


def test_other_programs_read_it(tmp_path: Path) -> None:
    data = made()
    with pa.memory_map(str(packed(tmp_path, data))) as source:
        table = pa.ipc.open_file(source).read_all()
    parts, clips = table.slice(0, 2), table.slice(2)
    assert clips['label'].to_pylist() == [item['label'] for item in data['annotations']]
    assert dict(zip(parts['part'].to_pylist(), parts['part_clips'].to_pylist(), strict=True)) == data['split']
    third, shape = np.array(clips['arrays'][3].as_py(), np.float32), clips['arrays_shape'][3].as_py()
    keypoint, score = np.split(third, [np.prod(shape[:4])])
    np.testing.assert_array_equal(keypoint.reshape(shape[:4]), data['annotations'][3]['keypoint'])
    np.testing.assert_array_equal(score.reshape(shape[:3]), data['annotations'][3]['keypoint_score'])


def test_clips_of_a_part(tmp_path: Path) -> None:
    data = made()
    source = ArrowSet(packed(tmp_path, data))
    train, everything = Clips.in_part(source, 'train'), Clips.in_part(source, None)
    assert_same(list(train), data['annotations'][1:])
    assert_same(list(everything), data['annotations'])
    assert_same(train[-1], data['annotations'][-1])
    assert_same(list(train[1:3]), data['annotations'][2:4])
    assert_same(list(train.among([3, 0])), [data['annotations'][4], data['annotations'][1]])
    assert train.values('label').tolist() == [1, 0, 1, 0, 1]
    with pytest.raises(IndexError):
        train[5]


def test_a_clip_is_whoever_asks(tmp_path: Path) -> None:
    clips = Clips.in_part(ArrowSet(packed(tmp_path, made())), 'train')
    before = clips[0]['keypoint'].copy()
    clips[0]['keypoint'][:] = 0
    np.testing.assert_array_equal(clips[0]['keypoint'], before)


def test_clips_without_preadv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made()
    monkeypatch.setattr(arrowset, '_preadv', arrowset._read_in_turn)
    assert_same(list(Clips.in_part(ArrowSet(packed(tmp_path, data)), None)), data['annotations'])


@pytest.mark.parametrize('key', ['label', 'fps'])
def test_values_that_not_all_have(tmp_path: Path, key: str) -> None:
    data = made()
    for number, value in enumerate((np.int64(3), 2, 1.5)):
        data['annotations'][number][key] = value
    clips = Clips.in_part(ArrowSet(packed(tmp_path, data)), None)
    assert clips.values(key).tolist() == [item[key] for item in data['annotations'] if key in item]


def _read_all(clips: Clips) -> tuple[list[Any], bool]:
    return list(clips), 'pyarrow' in sys.modules


@pytest.mark.parametrize('method', ['spawn', 'fork'])
@pytest.mark.parametrize('part', ['train', None])
def test_other_processes(tmp_path: Path, method: str, part: str | None) -> None:
    clips = Clips.in_part(ArrowSet(packed(tmp_path, made())), part)
    with get_context(method).Pool(2) as pool:
        for found, _ in pool.map(_read_all, [clips, clips]):
            assert_same(found, list(clips))


def test_what_goes_to_another_process_does_not_grow_with_clips(tmp_path: Path) -> None:
    few, many = (packed(tmp_path, made(clips), str(clips)) for clips in (3, 300))
    few_bytes, many_bytes = (len(pickle.dumps(Clips.in_part(ArrowSet(path), 'train'))) for path in (few, many))
    assert many_bytes < few_bytes + 100


def test_an_unfinished_set_goes_on(tmp_path: Path) -> None:
    """As a conversion writes it: the pickle first, which stays if the writing of the Arrow file is interrupted."""
    item = {key: value for key, value in made()['annotations'][0].items() if key != 'label'}
    out = tmp_path / 'a.arrow'

    def interrupt(numbers: Any) -> Any:
        raise KeyboardInterrupt

    writer = AnnotationWriter(out)
    first = writer.add(pack_annotation(item))
    with pytest.raises(KeyboardInterrupt), writer:
        writer.finish([3], dict(split={}), track=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ['a.arrow.pkl.part']
    with AnnotationWriter(out, [first[0]], first[1]) as writer:
        writer.add(pack_annotation(item))
        writer.finish([3, 4], dict(split={}))
    assert [path.name for path in tmp_path.iterdir()] == ['a.arrow']
    assert_same(read_annotations(out)['annotations'], [item | dict(label=label) for label in (3, 4)])


def last(labels: dict[str, str]) -> Split:
    return split_last(labels, 1)


def test_a_conversion_goes_on_where_it_was(tmp_path: Path) -> None:
    for label in ('jump', 'run'):
        for number in range(3):
            write_dump(tmp_path / f'dumps/{label}/{number}.json', tasks(make_motion(seed=number)))
    out, times = tmp_path / 'out.arrow', []

    def interrupted(items: Any) -> Any:
        times.append(len(items))
        for number, item in enumerate(items):
            if number == 4 and len(times) < 4:
                raise KeyboardInterrupt
            yield item

    def run(track: Any) -> None:
        convert(tmp_path / 'dumps', out, last, track=track)

    with pytest.raises(KeyboardInterrupt):  # in its dumps
        run(interrupted)
    times += [0]
    with pytest.raises(KeyboardInterrupt):  # in the clips that go to the Arrow file
        run(lambda items: interrupted(items) if isinstance(items, range) else items)
    assert times == [6, 0, 6]
    assert {path.name for path in tmp_path.iterdir()} >= {'out.arrow.pkl.part', 'out.arrow.part.journal'}
    run(iter)
    convert(tmp_path / 'dumps', tmp_path / 'out.pkl', last)
    assert_same(*(read_annotations(path) for path in (out, tmp_path / 'out.pkl')))
    assert not list(tmp_path.glob('*.part*'))
    with pytest.raises(InputError, match=r'out\.arrow with --clip-folder: such a file holds all clips itself'):
        convert(tmp_path / 'dumps', out, last, clip_folder=tmp_path / 'clips')


# -- real files -------------------------------------------------------------------------------------


def run(*words: object, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, 'argv', ['blazepose-skl', *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_real_dumps(real_data: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dumps = real_data('pushfit_json')
    for out in ('a.pkl', 'a.arrow'):
        run('convert', dumps, tmp_path / out, monkeypatch=monkeypatch)
    assert run('repack', tmp_path / 'a.arrow', tmp_path / 'b.pkl', monkeypatch=monkeypatch) == 0
    assert_same(*(pickle.loads((tmp_path / name).read_bytes()) for name in ('a.pkl', 'b.pkl')))
    assert_same(*(read_annotations(tmp_path / name) for name in ('a.pkl', 'a.arrow')))
    assert not list(tmp_path.glob('*.part*'))


@pytest.mark.parametrize(
    'words',
    [('inspect', '--json'), ('remap', 'out.pkl', '--to', 'coco'), ('export', 'out')],
    ids=['inspect', 'remap', 'export'],
)
def test_whatever_reads_a_pickle_reads_an_arrow_file(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    packed(tmp_path, made(skeleton='blazepose'))
    found = []
    for name in ('a.pkl', 'a.arrow'):
        command, *others = words
        status = run(command, name, *others, monkeypatch=monkeypatch)
        assert status == (1 if command == 'inspect' else 0)  # it has no clip of class 0 to train on
        made_files = [*tmp_path.rglob('out*.pkl'), *tmp_path.rglob('*.json')]
        contents = [
            pickle.loads(path.read_bytes()) if path.suffix == '.pkl' else path.read_text() for path in made_files
        ]
        found.append([capsys.readouterr().out, *contents])
        for path in made_files:
            path.unlink()
    assert_same(*found)


def test_a_clip_to_draw(tmp_path: Path) -> None:
    packed(tmp_path, made(skeleton='blazepose'))
    drawn = [open_footage(f'{tmp_path}/{name}:class 1/03', Path, Reading()) for name in ('a.pkl', 'a.arrow')]
    clips = [footage.clip for footage in drawn if isinstance(footage, ClipFootage)]
    np.testing.assert_array_equal(clips[0].landmarks, clips[1].landmarks)
    assert (clips[1].size, clips[1].skeleton) == ((640, 480), 'blazepose')
    with pytest.raises(
        InputError, match=r"a\.arrow: no clip 'x' in it; write .*a\.arrow:CLIP, where CLIP is class 0/00, "
    ):
        open_footage(f'{tmp_path}/a.arrow:x', Path, Reading())


def test_remapped_to_an_arrow_file(tmp_path: Path) -> None:
    source = packed(tmp_path, made(skeleton='blazepose'))
    for name in ('b.pkl', 'b.arrow'):
        remap_pickle(source, tmp_path / name, 'coco')
    assert_same(*(read_annotations(tmp_path / name) for name in ('b.pkl', 'b.arrow')))


# -- messages ---------------------------------------------------------------------------------------


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return packed(tmp_path, made())


def read(path: Path) -> None:
    found = read_annotations(path)
    clips = Clips.in_part(ArrowSet(path), 'train')
    assert_same(found['annotations'][1:], list(clips))


def test_cut_short_anywhere(whole: Path) -> None:
    content = whole.read_bytes()
    for length in [*range(12), *range(12, len(content), 97), len(content) - 1]:
        whole.write_bytes(content[:length])
        with pytest.raises(InputError, match=r'a\.arrow: (cut short: an Arrow file ends in ARROW1|not an Arrow file)'):
            read(whole)


def test_a_flipped_bit_anywhere_is_a_sentence_or_nothing(whole: Path) -> None:
    """What is neither structure nor content (what fills up to a multiple of eight) is not missed."""
    content, good = whole.read_bytes(), read_annotations(whole)
    random = np.random.default_rng(0)
    said = []
    for place in random.integers(0, len(content), 400):
        damaged = bytearray(content)
        damaged[place] ^= 1 << int(random.integers(8))
        whole.write_bytes(damaged)
        try:
            assert_same(read_annotations(whole), good)
        except InputError as error:
            said.append(str(error))
    assert len(said) > 200
    assert all('a.arrow' in sentence and '\n' not in sentence for sentence in said)


def test_training_reads_a_damaged_clip_as_a_sentence(whole: Path) -> None:
    content = bytearray(whole.read_bytes())
    sizes = b''.join(number.to_bytes(8, 'little') for number in (2, 3, 33, 2, 1))
    content[content.index(sizes)] = 3
    whole.write_bytes(content)
    with pytest.raises(InputError, match=r'a\.arrow, clip 1: cannot be read, the file is damaged \(ValueError: arrays'):
        ArrowSet(whole).clip(1)
    with pytest.raises(InputError, match=r'a\.arrow, clip 1: cannot be read, the file is damaged'):
        read_annotations(whole)


def test_content_is_checked_where_all_of_it_is_read(whole: Path) -> None:
    content = bytearray(whole.read_bytes())
    content[content.index(made()['annotations'][2]['keypoint'].tobytes()) + 3] ^= 1
    whole.write_bytes(content)
    with pytest.raises(InputError, match=r'a\.arrow, clip 2: another checksum than when it was written'):
        read_annotations(whole)


def test_other_versions_and_other_files(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrowwriting, 'VERSION', b'7')
    later = packed(tmp_path, made(), 'later')
    with pytest.raises(InputError, match=r'later\.arrow: of version 7 where this program reads version 2; write it ag'):
        read(later)
    with pa.OSFile(str(whole), 'wb') as file, pa.ipc.new_file(file, pa.schema(dict(a=pa.int64()))):
        pass
    with pytest.raises(InputError, match=r'a\.arrow: an Arrow file, but not an annotation set of ours; make one with'):
        read(whole)
    whole.write_text('{}')
    with pytest.raises(InputError, match=r'a\.arrow: not an Arrow file; make one with blazepose-skl convert or repack'):
        read(whole)
    whole.write_bytes((tmp_path / 'a.pkl').read_bytes())
    with pytest.raises(InputError, match=r'a\.arrow: a pickle by its first byte, named as an Arrow file'):
        read(whole)
    later.rename(tmp_path / 'b.pkl')
    with pytest.raises(InputError, match=r'b\.pkl: an Arrow file by its first letters, named as a pickle; give it a n'):
        read_annotations(tmp_path / 'b.pkl')
    with pytest.raises(InputError, match=r'none\.arrow: no such file'):
        read(tmp_path / 'none.arrow')
    (tmp_path / 'folder.arrow').mkdir()
    with pytest.raises(InputError, match=r'folder\.arrow: cannot be read'):
        read(tmp_path / 'folder.arrow')


def rewritten(path: Path, change: Callable[[Any], Any], **options: Any) -> None:
    """Write a set again as another program might."""
    with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
        table, new = change(reader.read_all()), path.with_suffix('.new')
        settings = pa.ipc.IpcWriteOptions(**options)
        with pa.OSFile(str(new), 'wb') as file, pa.ipc.new_file(file, table.schema, options=settings) as writer:
            writer.write_table(table)
    new.replace(path)


def test_what_another_program_wrote_again(whole: Path) -> None:
    rewritten(whole, lambda table: table.drop(['fps']))
    with pytest.raises(InputError, match=r'the file is damaged \(ValueError: columns that are not those of'):
        read(whole)
    packed(whole.parent, made())
    rewritten(whole, lambda table: table, compression='lz4')
    with pytest.raises(InputError, match=r'a\.arrow: cannot be read, the file is damaged'):
        read(whole)


def test_parts_that_are_not_there(tmp_path: Path) -> None:
    source = ArrowSet(packed(tmp_path, made() | dict(split=dict(train=['class 0/00'], val=['nobody']))))
    with pytest.raises(InputError, match=r"a\.arrow: no split 'test'; it has 'train' \(1 clips\), 'val' \(0 clips\)"):
        Clips.in_part(source, 'test')
    with pytest.raises(InputError, match=r"a\.arrow: split 'val' has no clip; convert again with clips in it"):
        Clips.in_part(source, 'val')
    listed = ArrowSet(packed(tmp_path, made()['annotations']))
    with pytest.raises(InputError, match=r"no split 'train'; it has none"):
        Clips.in_part(listed, 'train')


def test_a_file_that_changes_between_processes(whole: Path) -> None:
    sent = pickle.dumps(Clips.in_part(ArrowSet(whole), 'train'))
    packed(whole.parent, made(4))
    with pytest.raises(InputError, match=r'a\.arrow: has changed since it was opened; start again'):
        pickle.loads(sent)


def test_what_cannot_be_written(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / 'a.pkl'
    with pytest.raises(InputError, match=r'a\.pkl to .*b\.pkl: one of the two ends in \.pkl, the other in \.arrow'):
        repack(source, tmp_path / 'b.pkl')
    with pytest.raises(InputError, match=r'source: cannot be written|a\.pkl/x\.arrow: cannot be written'):
        repack(source, source / 'x.arrow')
    lists: list[Any] = []
    for _ in range(40):
        lists = [lists, lists]
    source.write_bytes(pickle.dumps(dict(annotations=[dict(more=lists)])))
    with pytest.raises(InputError, match=r'a\.pkl, annotation 0: it holds more than 10000000 values in one'):
        repack(source, tmp_path / 'b.arrow')
    source.write_bytes(pickle.dumps(dict(annotations=[], more=lists)))
    with pytest.raises(InputError, match=r'a\.pkl: beside the annotations it holds more than 10000000 values'):
        repack(source, tmp_path / 'b.arrow')
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    with pytest.raises(InputError, match=r"a\.arrow needs pyarrow, which is absent; pip install 'bl"):
        ArrowSet(whole)
    assert {path.name for path in tmp_path.iterdir()} == {'a.pkl', 'a.arrow'}


@pytest.mark.parametrize('error', [KeyboardInterrupt, OSError])
@pytest.mark.parametrize('names', [('a.pkl', 'b.arrow'), ('a.arrow', 'b.pkl')])
def test_what_is_interrupted_leaves_nothing(
    names: tuple[str, str], error: type[BaseException], whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(numbers: Any) -> Any:
        yield from list(numbers)[:3]
        raise error

    monkeypatch.chdir(whole.parent)
    with pytest.raises((error, InputError)):
        repack(Path(names[0]), Path(names[1]), stop)
    assert {path.name for path in Path().iterdir()} == {'a.pkl', 'a.arrow'}
