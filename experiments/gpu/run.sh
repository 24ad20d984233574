#!/usr/bin/env bash
# Measure this machine's GPU: needs Python 3.11 or newer with torch, and nothing else set.
#
#   bash experiments/gpu/run.sh                          # the words of gpu.py may follow
#   PYTHON=/path/to/python bash experiments/gpu/run.sh   # the Python whose torch it is
#
# Where packages of requirements.txt are missing they are installed in .venv/ of this folder, on top of
# what that Python has: the wheels of the folder wheels/ where there is one, else from the index.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
needs=$here/requirements.txt

ready() { # a Python that is new enough, with a torch that finds the device which is asked for
  "$1" - "${*:2}" 2>/dev/null <<'PY'
import sys
assert sys.version_info >= (3, 11)
import torch
assert torch.cuda.is_available() or "cpu" in sys.argv[1].replace("=", " ").split()
PY
}

lacking() { # the requirements that a Python does not meet
  "$1" - "$needs" <<'PY'
import re, sys
from importlib.metadata import PackageNotFoundError, version
def numbers(text):
    return [int(n) for n in re.findall(r"\d+", text.split("+")[0])][:3]
for line in open(sys.argv[1]):
    name, _, least = line.strip().partition(">=")
    if not name or name.startswith("#"):
        continue
    try:
        if numbers(version(name)) < numbers(least):
            print(line.strip())
    except PackageNotFoundError:
        print(line.strip())
PY
}

python=
for candidate in "${PYTHON:-python3}" "$root/.venv/bin/python"; do
  if command -v "$candidate" >/dev/null && ready "$candidate" "$@"; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo "no Python 3.11 or newer whose torch finds a CUDA device (tried ${PYTHON:-python3} and .venv);"
  echo "set PYTHON=..., or give --device cpu --quick, which runs the same on tiny sizes"
  exit 2
fi

if [ -n "$(lacking "$python")" ]; then
  echo "installing: $(lacking "$python" | tr '\n' ' ')"
  "$python" -m venv --without-pip --system-site-packages "$here/.venv"
  own=$here/.venv/bin/python
  # the packages of the Python that was found, which may be those of an environment itself
  site=$("$own" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  "$python" -c 'import sysconfig; print(*{sysconfig.get_path(p) for p in ("purelib", "platlib")}, sep="\n")' \
    >"$site/found.pth"
  if [ -d "$here/wheels" ]; then # all that lies there, and nothing else
    "$own" -m pip install --quiet --no-index --no-deps "$here"/wheels/*.whl
  else
    "$python" -c 'import torch; print(f"torch=={torch.__version__}")' >"$here/.venv/torch.txt"
    "$own" -m pip install --quiet -c "$here/.venv/torch.txt" -r "$needs"
  fi
  python=$own
fi

cd "$root"
PYTHONPATH="$root:$here${PYTHONPATH:+:$PYTHONPATH}" exec "$python" "$here/gpu.py" "$@"
