"""Runs a script in a virtual environment of its own, made on first use below target/."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACE = HERE.parents[1] / "target" / "outside-venv"


def enter() -> None:
    """Returns inside the environment; outside of it, starts the script again there."""
    if Path(sys.prefix).resolve() == PLACE.resolve():
        return
    make()
    python = str(PLACE / "bin" / "python")
    os.execv(python, [python, *sys.argv])


def make() -> None:
    """Makes the environment anew unless it holds just what is required."""
    wanted = hashlib.sha256((HERE / "requirements.txt").read_bytes() + sys.version.encode()).hexdigest()
    mark = PLACE / "made-of"
    if mark.is_file() and mark.read_text() == wanted:
        return
    print(f"making {PLACE}", file=sys.stderr)
    venv.create(PLACE, clear=True, with_pip=True)
    install = [str(PLACE / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--requirement", str(HERE / "requirements.txt")], check=True)
    mark.write_text(wanted)


if __name__ == "__main__":
    make()
