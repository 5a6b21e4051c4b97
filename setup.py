# Copyright 2026 The kickstarting Authors.
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     https://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
# ==============================================================================
"""Installs the library alone: experiments and tests run from the checkout.

Not here: the settings of tools (`pyproject.toml`) and how to set up a checkout
(`tools/venv.sh`).
"""

import pathlib
import re

import setuptools

_ROOT = pathlib.Path(__file__).parent


def _version() -> str:
  """Reads `__version__` without importing the package."""
  source = (_ROOT / 'kickstarting' / '__init__.py').read_text('utf-8')
  return re.search(r"^__version__ = '(.+)'$", source, re.MULTILINE).group(1)


def _requirements(name: str) -> list[str]:
  """Reads a requirements file, less its comments."""
  lines = (_ROOT / name).read_text('utf-8').splitlines()
  return [line for line in lines if line and not line.startswith('#')]


setuptools.setup(
    name='kickstarting',
    version=_version(),
    description='Kickstarting deep reinforcement learning in JAX.',
    long_description=(_ROOT / 'README.md').read_text('utf-8'),
    long_description_content_type='text/markdown',
    author='The kickstarting Authors',
    license='Apache-2.0',
    license_files=['LICENSE'],
    packages=setuptools.find_packages(
        include=['kickstarting', 'kickstarting.*']),
    package_data={
        'kickstarting': ['py.typed'],
        'kickstarting.environments': ['data/*.csv'],
        'kickstarting.teachers': [
            'experts/**/*.npz',
            'experts/**/manifest.json',
        ],
    },
    include_package_data=False,
    entry_points={'console_scripts': [
        'kickstarting = kickstarting.commands.entry:main']},
    python_requires='>=3.11',
    install_requires=_requirements('requirements.txt'),
    extras_require={
        'envs': _requirements('requirements-envs.txt'),
        'dev': _requirements('requirements-dev.txt'),
    },
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
