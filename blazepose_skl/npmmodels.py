"""MediaPipe's models lite and heavy from its npm package, for machines that reach package indices only.

The package holds the networks themselves, with the checksums that MediaPipe's own source names for them. What a
``.task`` file has beside the network is the same in all three models, and is taken from the model full: the detector
of people and the metadata that say how pictures are scaled. They are put together by the steps and with the libraries
that the official files were made by. So the official heavy comes out, by its SHA-256. The official lite differs in 32
bytes that do not follow from the others; the one that comes out has the same network and a checksum of its own.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from blazepose_skl.errors import InputError
from blazepose_skl.landmarker import check_mediapipe
from blazepose_skl.models import MODELS, NPM_PACKAGE, REBUILT_LITE, Model, cache_folder, find_model
from blazepose_skl.outfiles import check_place, write_whole

__all__ = ['build_models']

_DETECTOR, _NETWORK = 'pose_detector.tflite', 'pose_landmarks_detector.tflite'
_METADATA = b'TFLITE_METADATA'


@dataclass(frozen=True)
class _Recipe:
    """What becomes a model: the checksum of the network in the package, and the time that stands in the archive."""

    model: Model
    network: str
    stamp: tuple[int, int, int, int, int, int]


_RECIPES = (
    _Recipe(REBUILT_LITE, 'f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61', (2023, 4, 28, 0, 45, 14)),
    _Recipe(
        MODELS['heavy'], '59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe', (2023, 4, 28, 0, 45, 14)
    ),
)


def build_models(package: Path) -> Iterator[Path]:
    """Put lite and heavy into the cache, from the file that ``npm pack @mediapipe/pose@0.5.1675469404`` makes.

    Raises:
        InputError: It is not that file, the model full or MediaPipe is not to be had, or the cache cannot be written.
    """
    check_mediapipe()
    networks = [_read_network(package, recipe) for recipe in _RECIPES]
    with zipfile.ZipFile(find_model('full')) as full:
        detector, metadata = full.read(_DETECTOR), _metadata_of(full.read(_NETWORK))
    for recipe, network in zip(_RECIPES, networks, strict=True):
        bundle = _bundle({_DETECTOR: detector, _NETWORK: _with_metadata(network, metadata)}, recipe)
        if sha256(bundle).hexdigest() != recipe.model.sha256:
            raise InputError(
                f"model '{recipe.model.name}': what comes out of {package} has another SHA-256 than it should; install "
                'the versions of mediapipe and flatbuffers that constraints.txt names'
            )
        path = cache_folder() / recipe.model.file_name
        check_place(path)
        write_whole(path, bundle)
        yield path


def _read_network(package: Path, recipe: _Recipe) -> bytes:
    """The network of a model in the package; nothing else of the package is looked at."""
    member = f'package/pose_landmark_{recipe.model.name}.tflite'
    advice = f'give the .tgz that `npm pack {NPM_PACKAGE}` makes'
    try:
        with tarfile.open(package, 'r:gz') as archive:
            file = archive.extractfile(member)
            network = file.read() if file else b''
    except (tarfile.TarError, KeyError, EOFError) as error:
        raise InputError(f'{package}: no {member} can be read in it ({error}); {advice}') from None
    except OSError as error:
        raise InputError(f'{package}: cannot be read: {error.strerror or error}; {advice}') from None
    if sha256(network).hexdigest() != recipe.network:
        raise InputError(f"{package}: its {member} is not MediaPipe's, by its SHA-256; {advice}")
    return network


def _parsed(network: bytes) -> Any:
    from mediapipe.tasks.metadata import schema_py_generated as schema

    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(network, 0))


def _metadata_of(network: bytes) -> Any:
    model = _parsed(network)
    (entry,) = (entry for entry in model.metadata if entry.name == _METADATA)
    return model.buffers[entry.buffer]


def _with_metadata(network: bytes, metadata: Any) -> bytes:
    """The network with a buffer of metadata, and the empty archive of files that belong to them."""
    import flatbuffers
    from mediapipe.tasks.metadata import schema_py_generated as schema

    model = _parsed(network)
    entry = schema.MetadataT()
    entry.name, entry.buffer = _METADATA.decode(), len(model.buffers)
    model.buffers.append(metadata)
    model.metadata.append(entry)
    builder = flatbuffers.Builder(0)
    builder.vtables = _WithoutSizes()
    builder.Finish(model.Pack(builder), b'TFL3')
    file = io.BytesIO(builder.Output())
    with zipfile.ZipFile(file, 'a'):
        pass
    return file.getvalue()


class _WithoutSizes(dict[tuple[int, ...], int]):
    """The layouts of tables that flatbuffers has written, told apart as it did when the official files were made.

    Today the last number of a layout is the size of the table, so that tables of different sizes share none.
    """

    def get(self, key: tuple[int, ...], default: Any = None) -> Any:
        return super().get(key[:-1], default)

    def __setitem__(self, key: tuple[int, ...], place: int) -> None:
        super().__setitem__(key[:-1], place)


def _bundle(parts: dict[str, bytes], recipe: _Recipe) -> bytes:
    from mediapipe.tasks.python.metadata.metadata_writers.model_asset_bundle_utils import AlignZipFile

    file = io.BytesIO()
    with AlignZipFile(file, 'w', alignment=4) as archive:
        for name, data in parts.items():
            entry = zipfile.ZipInfo(name, recipe.stamp)
            entry.create_system, entry.external_attr = 3, 0o600 << 16
            archive.writestr(entry, data)
    return file.getvalue()
