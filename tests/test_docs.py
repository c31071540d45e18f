"""The code blocks of README and docs, run one after another in a folder of their own.

A block without a language is not run here; the comment before it in the README says who runs it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
BLOCK = re.compile(r'^```(\w*)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
FILE = re.compile(r'\b(?:configs|tools|docs|blazepose_skl|tests|benchmarks)/[\w./-]*\w\.\w+')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.name)
def test_code_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(page.read_text(encoding='utf-8'))
    if 'import blazepose_skl.mmaction2' in page.read_text() or 'mmengine' in page.read_text():
        pytest.importorskip('mmaction', reason='mmaction2 is absent')
    environment = {**os.environ, 'PATH': f'{Path(sys.executable).parent}{os.pathsep}{os.environ["PATH"]}'}
    for code in (code for language, code in blocks if language == 'bash'):
        subprocess.run(['bash', '-euo', 'pipefail', '-c', code], check=True, env=environment)
    python = '\n'.join(code for language, code in blocks if language == 'python')
    subprocess.run([sys.executable, '-c', python], check=True)


def test_files_that_the_pages_name_exist():
    for page in PAGES:
        for name in re.findall(
            r'\b(?:configs|tools|docs|blazepose_skl|tests|benchmarks)/[\w./-]*\w\.\w+', page.read_text()
        ):
            assert (ROOT / name).exists(), f'{page.name} names {name}'


def test_links_between_the_pages():
    for page in PAGES:
        for target in re.findall(r'\]\((?!https?:)([^)#]+)', page.read_text()):
            assert (page.parent / target).exists(), f'{page.name} links to {target}'
