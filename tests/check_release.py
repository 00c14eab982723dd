"""A release, tried as strangers will: python tests/check_release.py [python3.11 python3.12 python3.13]

Wheel and sdist are built; the wheel is installed for each Python named, the sdist for the first, each in a fresh environment, and the main job of README is
run on the shipped examples with what was installed. Prints a line for each; exit code 1 where one fails.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]


def tried(python: str, package: Path, place: Path) -> str:
    """Install a package for a Python and run the main job; what it printed last."""
    subprocess.run([python, "-m", "venv", str(place)], check=True)
    own = place / ("Scripts" if sys.platform == "win32" else "bin")
    subprocess.run([own / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check", f"{package}[office]"], check=True, stderr=subprocess.DEVNULL)
    shutil.copytree(ROOT / "fixtures", place / "work" / "fixtures", ignore=shutil.ignore_patterns("generators", "__pycache__"))
    for words in (["doctor"], ["run", "fixtures/", "--progress", "none"], ["validate"], ["run", "fixtures/twins", "--output", "twins", "--progress", "none"]):
        ended = subprocess.run([own / "gongkai", *words], cwd=place / "work", capture_output=True, text=True, check=False, encoding="utf-8")
        if ended.returncode not in {0, 3}:
            raise SystemExit(f"{python} {package.name}: gongkai {' '.join(words)} ended with {ended.returncode}\n{ended.stdout}{ended.stderr}")
    said = subprocess.run([own / "gongkai", "status"], cwd=place / "work", capture_output=True, text=True, check=True, encoding="utf-8").stdout
    return said.strip().splitlines()[-1]


def main(pythons: list[str]) -> None:
    """Build, then try each."""
    with TemporaryDirectory() as folder:
        builder = Path(folder) / "builder"
        venv.create(builder, with_pip=True)
        own = builder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        subprocess.run([own, "-m", "pip", "install", "-q", "--disable-pip-version-check", "build"], check=True, stderr=subprocess.DEVNULL)
        subprocess.run([own, "-m", "build", "--outdir", str(Path(folder) / "dist"), str(ROOT)], check=True, capture_output=True)
        (wheel,), (sdist,) = ((Path(folder) / "dist").glob(pattern) for pattern in ("*.whl", "*.tar.gz"))
        for number, (python, package) in enumerate([*((python, wheel) for python in pythons), (pythons[0], sdist)]):
            print(f"{python} {package.name}: {tried(python, package, Path(folder) / str(number))}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or [sys.executable])
