"""docs/your-own-network.md: its programs run, what they write is read, its configs are valid."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from torch_process import run_torch

from srnet_cli.config.loading import load_experiment
from srnet_cli.networks.readers.loaded import Wishes
from srnet_cli.networks.readers.registry import read_network

PAGE = (Path(__file__).parents[2] / "docs" / "your-own-network.md").read_text()
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)
CONFIGS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda text: text.splitlines()[-1][:30])
def test_a_program_of_the_page(program: str, tmp_path: Path) -> None:
    """The file that it writes is read."""
    if "import torch" in program:
        run_torch(program, tmp_path, least=(2, 8) if "torch.export." in program else (1, 0))
    else:
        for package in re.findall(r"^(?:import|from) (\w+)", program, re.M):
            if find_spec(package) is None:
                pytest.skip(f"no {package} here")
        environment = os.environ | {"KERAS_BACKEND": "numpy", "KERAS_HOME": str(tmp_path)}
        script = [sys.executable, "-W", "ignore", "-c", program]
        subprocess.run(script, cwd=tmp_path, env=environment, check=True, capture_output=True)
    written = [path for path in tmp_path.iterdir() if path.suffix not in (".json", "")]
    assert written
    for path in written:
        wishes = Wishes(activation="tanh" if path.name == "network.pt" else None)
        assert read_network(path, wishes).network.widths[0] == 2


@pytest.mark.parametrize("number", range(len(CONFIGS)))
def test_a_config_of_the_page(number: int, tmp_path: Path) -> None:
    """It is a valid config: a network and a box or a table, or values."""
    path = tmp_path / "mine.yaml"
    path.write_text(CONFIGS[number])
    experiment = load_experiment(path)
    has_rows = experiment.dataset.domain or experiment.dataset.file
    is_whole = has_rows and experiment.network.load is not None
    assert is_whole or experiment.network.activations is not None
