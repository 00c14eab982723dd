# One command for each chore; `just` alone lists them. Without just, copy the line.

default:
    @just --list

# everything a change must pass (the same as .ci/run, in your own environment)
check: lint types fences test

lint:
    .venv/bin/ruff check .
    .venv/bin/vulture extract normalize gongkai --min-confidence 80

# a night of fuzzing: pip install -e ".[fuzz]" first; what it finds lies in build/fuzz
fuzz *targets:
    .venv/bin/python -m fuzz.run --minutes 20 {{targets}}

types:
    .venv/bin/mypy

fences:
    .venv/bin/lint-imports

test *arguments:
    .venv/bin/python -m pytest -n 2 {{arguments}}

# the shipped examples into output/
run:
    .venv/bin/gongkai run fixtures/

# show what changed in the goldens of fixtures, then write them
accept *fixtures:
    .venv/bin/gongkai accept {{fixtures}}

# output/README.md, generated from the schema
dictionary:
    .venv/bin/python -c "from pathlib import Path; from gongkai.dictionary import readme; Path('output/README.md').write_text(readme(), encoding='utf-8')"

# in a fresh copy and a fresh environment, with the score where the shared gold is present
ci:
    .ci/run

# the examples of README and docs/, from the shipped fixtures
examples:
    .venv/bin/python tests/refresh_docs.py

# the documentation site into build/site
docs:
    .venv/bin/python docs/build.py

# requirements.lock and docs/sbom.cdx.json anew, with pip-tools and cyclonedx-bom
lock:
    pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --extra office --extra warc --extra rar --extra xlsx --extra validate --output-file requirements.lock pyproject.toml
    grep -E '^[A-Za-z0-9._-]+==' requirements.lock | sed 's/ [\\]//' | cyclonedx-py requirements --output-reproducible --of JSON -o docs/sbom.cdx.json -

# build, then install and run what was built on each Python
release *pythons:
    python3 tests/check_release.py {{pythons}}
