"""What trains needs more than a line's computer has."""

from __future__ import annotations

from importlib.util import find_spec

from edge_inspector.domain.errors import ConfigurationError

NEEDED = ("jinja2", "kornia", "matplotlib", "onnx", "onnxscript", "tensorboard", "torch")  # the extra "train"


def refuse_without_torch() -> None:
    """Raise ConfigurationError where what trains is not installed: a line's computer does without it."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigurationError(
            f"{', '.join(missing)}: not installed, and training needs it; "
            'install edge-inspector with its extra "train", or run `make setup` where the sources are'
        )
