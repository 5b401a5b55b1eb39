"""matplotlib's figures, sent to the page as PNG when the program calls `plt.show()`, or ends."""

from __future__ import annotations

import base64
import io
import sys

from playground import tell

_MOST_FIGURES = 50


def show(*args: object, **options: object) -> None:
    """Sends the open figures and closes them; in a program, this is `plt.show`."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return
    for number in plt.get_fignums()[:_MOST_FIGURES]:
        picture = io.BytesIO()
        plt.figure(number).savefig(picture, format="png", dpi=110, bbox_inches="tight")
        tell("figure", base64.b64encode(picture.getvalue()).decode())
    plt.close("all")


def close() -> None:
    """Forgets what the last program left open."""
    if "matplotlib.pyplot" in sys.modules:
        install()
        sys.modules["matplotlib.pyplot"].close("all")


def install() -> None:
    """Has `plt.show` show in the page; matplotlib is loaded by now."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.show = show
