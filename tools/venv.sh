# Sourced by run.sh and test.sh from the root of the checkout.
#
# make_venv FOLDER EXTRAS [PIP ARGUMENT ...]: makes the virtual environment
# FOLDER with this checkout installed in editable form with EXTRAS, unless it
# stands already for the same requirements, and puts it first on PATH.

find_python() {
  local candidate
  for candidate in python3.11 python3.12 python3 python; do
    if "$candidate" -c \
      'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
      >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  echo "No usable Python: found $(python3 --version 2>/dev/null || echo none); expected" \
    "3.11 or 3.12 with its venv module. Install one (on Debian: python3.11" \
    "and python3.11-venv) so that python3.11 or python3.12 is on PATH." >&2
  return 1
}

make_venv() {
  local folder=$1 extras=$2 python wanted
  shift 2
  wanted=$(cat setup.py requirements*.txt tools/venv.sh | cksum)
  if [[ ! -x $folder/bin/python ]] ||
    [[ $(cat "$folder/installed-$extras" 2>/dev/null) != "$wanted" ]]; then
    python=$(find_python)
    echo "Installing into $folder with $("$python" --version) (once; a minute or two) ..."
    "$python" -m venv "$folder"
    echo '*' >"$folder/.gitignore"
    "$folder/bin/python" -m pip install -qq "$@" -e ".[$extras]"
    echo "$wanted" >"$folder/installed-$extras"
  fi
  export VIRTUAL_ENV=$PWD/$folder
  export PATH=$VIRTUAL_ENV/bin:$PATH
}
