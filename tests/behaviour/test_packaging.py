"""What a fresh clone stands on: dependencies, the Makefile, and the rules between the rooms."""

from __future__ import annotations

import email
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
CONSTRAINTS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line]
VERSIONS = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in CONSTRAINTS}

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def expand(requirements: list[str]) -> dict[str, Requirement]:
    """Requirements by name, with the project's own extras replaced by what they stand for."""
    required = {}
    for requirement in map(Requirement, requirements):
        if requirement.name == PROJECT["name"]:
            for extra in requirement.extras:
                required |= expand(EXTRAS[extra])
        else:
            required[canonicalize_name(requirement.name)] = requirement
    return required


def test_the_runtime_needs_no_extra():
    """What the main job needs is installed by default, and nothing else."""
    assert set(expand(PROJECT["dependencies"])) == {
        "matplotlib",
        "numba",
        "numpy",
        "packaging",
        "pandas",
        "pydantic",
        "pyyaml",
        "rich",
        "safetensors",
        "scikit-learn",
        "sympy",
        "typer",
    }


def test_extras_are_complete():
    """'all' is every extra for users; those who develop have all that tests can use."""
    files = {"onnx", "onnxruntime", "skops", "h5py"}
    others = {"pyarrow", "openpyxl", "pmlb", "lime", "shap", "distributed"}
    assert set(expand(EXTRAS["all"])) == files | others
    assert {"pyarrow", "pmlb", "lime", "shap", "distributed", "pytest", "mypy", "ruff"} <= set(
        expand(EXTRAS["dev"])
    )


@pytest.mark.parametrize("extra", [None, "onnx", "excel", "parquet", "skops", "keras"])
def test_files_of_networks_need_no_torch(extra):
    """Whatever an install with an extra brings along, as the installed packages say it, PyTorch,
    TensorFlow and JAX are not among it."""
    waiting = [*expand(PROJECT["dependencies"]), *expand(EXTRAS[extra] if extra else [])]
    brought = set()
    while waiting:
        name = waiting.pop()
        if name in brought:
            continue
        brought.add(name)
        try:
            needed = map(Requirement, requires(name) or [])
        except PackageNotFoundError:
            continue
        waiting += [
            canonicalize_name(need.name)
            for need in needed
            if need.marker is None or need.marker.evaluate({"extra": ""})
        ]
    assert not brought & {"torch", "tensorflow", "keras", "jax", "torchvision"}
    assert extra != "onnx" or {"onnx", "onnxruntime", "protobuf"} <= brought


def test_every_dependency_has_bounds():
    """Each has a lower bound; where numba limits the versions there is an upper one."""
    requirements = expand(PROJECT["dependencies"] + [r for extra in EXTRAS.values() for r in extra])
    for requirement in requirements.values():
        assert ">=" in str(requirement.specifier), requirement
    assert "<" in {spec.operator for spec in requirements["numba"].specifier}
    assert "<" in {spec.operator for spec in requirements["numpy"].specifier}
    assert re.search(r"<3\.\d+", PROJECT["requires-python"])


def test_constraints_are_names_and_versions():
    """The constraints name no place to fetch from, and no package twice."""
    for line in CONSTRAINTS:
        assert re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)
    assert len(VERSIONS) == len(CONSTRAINTS)


@pytest.mark.parametrize("extra", [None, *EXTRAS])
def test_constraints_meet_the_bounds(extra):
    """Each dependency is constrained, to a version that its own bounds allow."""
    for name, requirement in expand(EXTRAS[extra] if extra else PROJECT["dependencies"]).items():
        assert requirement.specifier.contains(VERSIONS[name], prereleases=True), requirement


def test_constraints_are_closed():
    """What a constrained package needs is constrained too, so that installs never vary."""
    missing = set()
    for name in VERSIONS:
        try:
            needed = map(Requirement, requires(name) or [])
        except PackageNotFoundError:
            continue
        missing |= {
            f"{name} needs {need.name}"
            for need in needed
            if (need.marker is None or need.marker.evaluate({"extra": ""}))
            and canonicalize_name(need.name) not in VERSIONS
        }
    assert missing == set()


def test_the_command_exists():
    """The command that is installed names a function."""
    module, _, function = PROJECT["scripts"]["srnet"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_package_says_that_it_is_typed():
    """Type checkers of users read our annotations."""
    assert (ROOT / "srnet_cli" / "py.typed").is_file()
    assert "py.typed" in PYPROJECT["tool"]["setuptools"]["package-data"]["srnet_cli"]


def test_every_file_of_data_is_packed():
    """What is no Python in the package is named where packages are made."""
    package = ROOT / "srnet_cli"
    kept = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    data = {path.relative_to(package).as_posix() for path in kept if path.suffix != ".py"}
    assert data == set(PYPROJECT["tool"]["setuptools"]["package-data"]["srnet_cli"])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of what it is made of."""
    source = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "srnet_cli", source / "srnet_cli", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = "import setuptools.build_meta as backend; print(backend.build_wheel('.'))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", build], cwd=source, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(source / done.stdout.splitlines()[-1])


def test_the_wheel_is_the_whole_package_and_nothing_else(wheel):
    """Every module and file of data, and no test, document or config of the source tree."""
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = [path for path in (ROOT / "srnet_cli").rglob("*") if path.is_file()]
    kept = [path for path in package if "__pycache__" not in path.parts]
    assert names == {path.relative_to(ROOT).as_posix() for path in kept}
    example = wheel.read("srnet_cli/inspect/quickstart.yaml").decode()
    assert "speed**2 / radius" in example


def test_the_wheel_says_what_it_needs(wheel):
    """Its metadata name the command, the dependencies and the extras."""
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    assert "srnet = srnet_cli.cli:main" in wheel.read(f"{folder}/entry_points.txt").decode()
    metadata = email.message_from_bytes(wheel.read(f"{folder}/METADATA"))
    needed = [Requirement(line) for line in metadata.get_all("Requires-Dist")]
    plain = {canonicalize_name(each.name) for each in needed if each.marker is None}
    assert plain == set(expand(PROJECT["dependencies"]))
    assert set(metadata.get_all("Provides-Extra")) == set(EXTRAS)


def test_continuous_integration_calls_make():
    """The script and the workflow run the targets that developers run."""
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text()
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    jobs = workflow["jobs"].values()
    commands = [step["run"] for job in jobs for step in job["steps"] if "run" in step]
    for text in (script.read_text(), "\n".join(commands)):
        assert re.findall(r"^make (\S+)$", text, re.MULTILINE)[0] == "check"
    assert set(commands) <= {f"make {target}" for target in phony_targets()}


def phony_targets() -> set[str]:
    lines = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {target for line in lines for target in line.split()}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    command = ["make", "-C", str(ROOT), "--no-print-directory", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@needs_make
def test_make_help_names_every_target():
    """Whoever calls make alone learns what there is."""
    listed = {line.split()[0] for line in make().stdout.splitlines()}
    assert listed == phony_targets()


@needs_make
def test_make_check_is_every_check(tmp_path):
    """ruff twice, mypy, import-linter, the tests, and the kernels' tests without compilation."""
    commands = make("-n", "check", f"VENV={tmp_path}").stdout
    for part in (
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "lint-imports",
        "python -m pytest",
        "NUMBA_DISABLE_JIT=1",
    ):
        assert part in commands


FAKE_PYTHON = """#!/bin/sh
echo "$0 $*" >> {log}
if [ "$2" = venv ]; then mkdir -p {venv}/bin && cp "$0" {venv}/bin/python; fi
"""


@needs_make
def test_make_installs_once(tmp_path):
    """A missing environment is made and filled before the first test, and then left alone; a newer
    list of dependencies is installed again."""
    log, venv, python = tmp_path / "log", tmp_path / "venv", tmp_path / "python"
    python.write_text(FAKE_PYTHON.format(log=log, venv=venv))
    python.chmod(0o755)
    arguments = (f"VENV={venv}", f"PYTHON={python}", "PYTEST_ARGS=-x")

    def calls() -> list[str]:
        assert make("test", *arguments).returncode == 0
        lines = log.read_text().splitlines()
        log.unlink()
        return lines

    first = calls()
    assert first[1] == f"{python} -m venv --clear {venv}"
    assert first[2].endswith("-c constraints.txt -e .[dev]")
    assert first[3] == f"{venv}/bin/python -m pytest -n auto --dist loadfile -m not long -x"
    assert calls() == [first[3]]
    for stamp in venv.glob(".*"):
        os.utime(stamp, (0, 0))
    assert [line for line in calls() if "-e .[dev]" in line]
    (venv / ".dev").unlink()
    # The environment is still there: it is filled, not made again.
    assert not [line for line in calls() if "venv --clear" in line]


@needs_make
def test_the_demo_needs_no_tools_for_development(tmp_path):
    """The main job installs what its users need every day, and uses what the tests have
    installed."""
    commands = make("-n", "demo", f"VENV={tmp_path}").stdout
    assert "-e '.[all]'" in commands
    assert "[dev]" not in commands
    (tmp_path / ".daily").touch()
    assert "pip" not in make("-n", "demo", f"VENV={tmp_path}").stdout


@needs_make
@pytest.mark.parametrize("python", ["old", "missing"])
def test_an_unfit_python_is_one_clear_line(tmp_path, python):
    """Too old or not there: the line says which versions will do and how to name one."""
    if python == "old":
        (tmp_path / "old").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "old").chmod(0o755)
    done = make("test", f"VENV={tmp_path}/venv", f"PYTHON={tmp_path}/{python}")
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.startswith("srnet ")]
    assert len(lines) == 1
    assert f"Python 3.11 to 3.14, which '{tmp_path}/{python}' is not" in lines[0]
    assert not (tmp_path / "venv").exists()


def test_make_and_the_package_agree_on_python():
    """The Makefile checks for the versions that the package declares."""
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    text = (ROOT / "Makefile").read_text()
    assert f"(3, {low}) <= sys.version_info[:2] < (3, {high})" in text
    assert f"Python 3.{low} to 3.{int(high) - 1}" in text


FLOORS, ARRAYS = "imports go downward only", "cgp knows arrays only"


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("errors", "import srnet_cli.store", FLOORS),
        ("store/files", "import srnet_cli.runs", FLOORS),
        ("fit/fitting", "import srnet_cli.explain", FLOORS),
        ("networks/network", "import srnet_cli.evolution", FLOORS),
        ("datasets/dataset", "import srnet_cli.networks", FLOORS),
        ("new_room", "", FLOORS),
        ("cgp/program", "import sympy", ARRAYS),
        ("cgp/program", "import srnet_cli.config", ARRAYS),
    ],
)
def test_import_linter_holds_the_floors(tmp_path, module, statement, contract):
    """An import upward, a room without a floor, and formulas in cgp are refused by name."""
    shutil.copytree(ROOT / "srnet_cli", tmp_path / "srnet_cli")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "srnet_cli" / f"{module}.py").open("a") as file:
        file.write(f"\n{statement}\n")
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    done = subprocess.run(
        [sys.executable, "-c", lint], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert f"{contract} BROKEN" in done.stdout
    assert f"srnet_cli.{module.replace('/', '.')}" in done.stdout.partition("BROKEN")[2]
