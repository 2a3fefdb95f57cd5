# The project's commands. `just` alone lists them; each is one line you may as well type yourself.

set positional-arguments

python := ".venv/bin/python"

# List the recipes
default:
    @just --list --unsorted

# Make or refresh the environment, test tools included
setup:
    ./askpro test --version

# Three resellers with customers, balances and calls on an embedded PostgreSQL
demo *arguments:
    ./askpro demo "$@"

# The test suite; arguments are pytest's
test *arguments:
    ./askpro test "$@"

# Lint and formatting
lint: setup
    .venv/bin/ruff check .
    .venv/bin/ruff format --check .

# Mend what ruff can mend by itself
format: setup
    .venv/bin/ruff check --fix .
    .venv/bin/ruff format .

# mypy, strict, over core and plugins
types: setup
    .venv/bin/mypy

# The floors: an import only ever points down
floors: setup
    .venv/bin/lint-imports

# Everything CI checks beside the tests
check: lint types floors

# What CI runs, on this machine
ci:
    .ci/run

# A week of calls on an empty database: just week calls.csv.gz tariffs.toml
week calls tariffs: setup
    ./askpro week "$1" "$2"

# Ratios against pgbench, COPY and a naive ORM, written to bench-results.json
bench *arguments: setup
    {{ python }} -m tests.benchmarks "$@"

# Find new texts and add them to the catalogues, then say what is untranslated
texts: setup
    {{ python }} tools/messages.py update
    {{ python }} tools/messages.py check

# Fetch the vendored fonts, icons and scripts anew (needs npm)
assets: setup
    {{ python }} tools/vendor_assets.py update

# Lock the dependencies: uv.lock, and what pip reads
lock:
    uv lock
    uv export --quiet --locked --no-emit-project --no-annotate --extra checkout -o requirements.lock
    uv export --quiet --locked --no-emit-project --no-annotate --extra checkout --extra test -o requirements-test.lock

# Build the wheel into dist/
wheel: setup
    {{ python }} -m hatchling build -t wheel

# Check the documentation: links, tables of settings and hooks, translated texts
docs: setup
    {{ python }} -m pytest tests/architecture/test_docs.py tests/architecture/test_settings.py tests/architecture/test_texts.py
