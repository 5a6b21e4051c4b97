#!/usr/bin/env bash
# Lint, types, wheel, and the tests against the installed wheel, outside the
# checkout. Arguments go to pytest: ./test.sh -k vtrace. With
# REQUIREMENTS=requirements-oldest.txt the tests alone run, on those versions.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tools/venv.sh

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [[ -n ${REQUIREMENTS:-} ]]; then
  make_venv ".venv-$(basename "$REQUIREMENTS" .txt)" envs,dev -c "$REQUIREMENTS"
else
  make_venv .venv envs,dev
  echo '== lint'
  ruff check .
  python tools/make_build.py --check
  echo '== types'
  mypy kickstarting experiments benchmarks tools
fi

echo '== wheel'
# From a copy: setuptools would leave its build folder in the checkout.
mkdir "$scratch/source"
cp -r setup.py pyproject.toml MANIFEST.in LICENSE README.md CHANGELOG.md \
  requirements*.txt kickstarting "$scratch/source"
find "$scratch/source" -name __pycache__ -prune -exec rm -r {} +
python -m build --wheel --outdir "$scratch/wheel" "$scratch/source" \
  >"$scratch/build.log" 2>&1 || { cat "$scratch/build.log"; exit 1; }
python tools/check_wheel.py "$scratch"/wheel/*.whl kickstarting
python -m pip install -qq --no-deps --target "$scratch/site" "$scratch"/wheel/*.whl

echo '== tests, on the installed wheel'
mkdir "$scratch/outside"
cp -r kickstarting_test experiments benchmarks tools docs ./*.md ./*.sh \
  ./*.toml ./*.txt BUILD MODULE.bazel LICENSE MANIFEST.in setup.py .ci "$scratch/outside"
cd "$scratch/outside"
export PYTHONPATH=$scratch/site
export JAX_PLATFORMS=cpu
# Two workers, each computing on one core. Tests compile much and compute little,
# so it is compiling that has to be fast, and not what is compiled.
export XLA_FLAGS=--xla_cpu_multi_thread_eigen=false
XLA_FLAGS+=' --xla_backend_optimization_level=0'
XLA_FLAGS+=' --xla_llvm_disable_expensive_passes=true'
XLA_FLAGS+=' --xla_cpu_use_fusion_emitters=false'
python -c "import kickstarting, sys; sys.exit(not kickstarting.__file__.startswith('$scratch'))"
python -m pytest -q -n 2 --dist=worksteal "$@"
