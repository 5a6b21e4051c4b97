#!/usr/bin/env bash
# Installs once into .venv, then kickstarts a student on minigrid8 with the
# shipped experts and draws it against one trained from scratch. Flags are
# handed on: ./run.sh --seed=2; ./run.sh --help lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
source tools/venv.sh
make_venv .venv envs
echo "Training from scratch and kickstarted on minigrid8 (some minutes on two cores) ..."
exec python -m experiments.kickstart --suite=minigrid8 "$@"
