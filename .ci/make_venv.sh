#!/usr/bin/env bash
# Makes a virtual environment in folder $1 with the first Python that will do: 3.10 to 3.13 if there is one (TensorFlow,
# which the tests compare with, has wheels for those), else anything newer. PYTHON=... chooses another.
set -euo pipefail
folder=$1

# Some version managers put names on the path that fail when called, so each candidate has to answer.
runs_between() { "$1" -c "import sys; sys.exit(not ($2 <= sys.version_info[:2] <= $3))" 2>/dev/null; }

choose_python() {
  local candidates=(${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10}) name
  for name in "${candidates[@]}"; do runs_between "$name" "(3, 10)" "(3, 13)" && echo "$name" && return; done
  for name in "${candidates[@]}"; do runs_between "$name" "(3, 10)" "(4, 0)" && echo "$name" && return; done
  echo "PyFlow needs Python 3.10 or later; none of these is one: ${candidates[*]}" >&2
  return 1
}

python=$(choose_python)

if ! "$python" -c "import venv, ensurepip" 2>/dev/null; then # Debian ships the two apart from Python
  package=python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "'$python -m venv' does not work here; on Debian and Ubuntu: apt-get install $package" >&2
    exit 1
  fi
  echo "Installing $package, which '$python -m venv' needs"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y "$package"; } >/dev/null
fi

rm -rf "$folder"
"$python" -m venv "$folder" || { rm -rf "$folder" && exit 1; }
echo "Made $folder with $("$folder/bin/python" --version)"
