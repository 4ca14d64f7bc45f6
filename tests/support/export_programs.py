"""Writes programs of ``torch.export``, and what PyTorch itself computes with them.

``python tests/support/export_programs.py FOLDER`` makes the samples of ``tests/golden/exported``
with PyTorch 2.8 or newer, and with 2.6 the one in ``before-2.8``, whose layout is another. Lines of
source that stood in the programs are left out of them.
"""

import io
import json
import sys
import warnings
import zipfile
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional

warnings.filterwarnings("ignore")


class Dense(nn.Module):
    """Dense layers behind a scaling of its own."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 6)
        self.norm = nn.BatchNorm1d(6)
        self.second = nn.Linear(6, 4, bias=False)
        self.last = nn.Linear(4, 2)
        self.register_buffer("mean", torch.tensor([1.0, 2.0, 3.0]))
        self.register_buffer("scale", torch.tensor([2.0, 0.5, 3.0]), persistent=False)

    def forward(self, x):
        h = torch.tanh(self.norm(self.first((x - self.mean) / self.scale)))
        return self.last(functional.silu(self.second(h)))


class Convolutions(nn.Module):
    """No stack of dense layers."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.second = nn.Conv2d(3, 4, 3, padding="same")
        self.last = nn.Linear(4, 3)

    def forward(self, x):
        h = functional.max_pool2d(functional.relu(self.norm(self.first(x))), 2)
        h = functional.adaptive_avg_pool2d(functional.gelu(self.second(h)), (1, 1))
        return functional.log_softmax(self.last(h.view(h.shape[0], -1)), dim=-1)


class Zoo(nn.Module):
    """Every activation that PyTorch has a module of, and ways to change shapes."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 6)
        self.norm = nn.LayerNorm(6)
        self.activations = nn.ModuleList(
            [
                nn.ELU(),
                nn.GELU(),
                nn.SiLU(),
                nn.Softsign(),
                nn.Softplus(),
                nn.Hardtanh(),
                nn.Hardsigmoid(),
                nn.Hardswish(),
                nn.ReLU6(),
                nn.LeakyReLU(),
                nn.Mish(),
                nn.SELU(),
                nn.CELU(),
                nn.PReLU(),
                nn.Tanhshrink(),
                nn.LogSigmoid(),
                nn.GELU(approximate="tanh"),
                nn.Softplus(beta=2.0),
            ]
        )

    def forward(self, x):
        h = self.norm(self.first(x))
        for activation in self.activations:
            h = activation(h)
        h = (h - torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])) / 2
        h = torch.cat([h, h * 2], 1)[:, 1:].mean(1, keepdim=True)
        return (h.pow(2) - torch.exp(-h)).unsqueeze(1).transpose(1, 2).flatten(1)


class Branches(nn.Module):
    """Two heads, and a connection past a layer."""

    def __init__(self):
        super().__init__()
        self.body, self.past = nn.Linear(4, 4), nn.Linear(4, 4)
        self.policy, self.value = nn.Linear(4, 2), nn.Linear(4, 1)

    def forward(self, x):
        h = torch.relu(self.body(x))
        h = h + torch.tanh(self.past(h))
        return self.policy(h), self.value(h).squeeze(-1)


class Sorted(nn.Module):
    """What is not read."""

    def forward(self, x):
        return torch.sort(x, -1)[0]


MODELS = {
    "dense": (Dense(), (3,)),
    "convolutions": (Convolutions(), (1, 8, 8)),
    "zoo": (Zoo(), (4,)),
    "branches": (Branches(), (4,)),
    "double": (nn.Sequential(nn.Linear(3, 4), nn.Softplus(), nn.Linear(4, 1)).double(), (3,)),
}


def stripped(data):
    """The archive without what it says of files of source."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        zipfile.ZipFile(made, "w") as copy,
    ):
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(("models/model.json", "serialized_exported_program.json")):
                program = json.loads(content)
                for node in program["graph_module"]["graph"]["nodes"]:
                    node["metadata"] = {}
                content = json.dumps(program).encode()
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            copy.writestr(member, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def save(program, path):
    data = io.BytesIO()
    torch.export.save(program, data)
    path.write_bytes(stripped(data.getvalue()))


def main(folder, names):
    torch.manual_seed(0)
    for name in names:
        model, shape = MODELS[name]
        dtype = next(model.parameters()).dtype
        with torch.no_grad():
            for _ in range(5):
                model.train()(torch.randn(20, *shape).to(dtype) * 2 + 1)
            X = torch.randn(12, *shape).to(dtype)
            y = model.eval()(X)
        y = y[0] if isinstance(y, tuple) else y
        rows = {"X": X.reshape(12, -1).double().numpy(), "y": y.reshape(12, -1).double().numpy()}
        numpy.savez_compressed(folder / f"{name}.npz", **rows)
        free = ({0: torch.export.Dim("rows", max=1 << 20)},)
        program = torch.export.export(model, (X[:2],), dynamic_shapes=free)
        save(program, folder / f"{name}.pt2")
        save(program.run_decompositions(), folder / f"{name}.core.pt2")
        save(torch.export.export(model, (X[:1],)), folder / f"{name}.fixed.pt2")
    example = (torch.zeros(2, 3),)
    save(torch.export.export(Dense().train(), example), folder / "training.pt2")
    save(torch.export.export(Sorted(), example), folder / "sorted.pt2")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(), sys.argv[2:] or list(MODELS))
