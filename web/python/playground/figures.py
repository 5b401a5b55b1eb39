"""matplotlib's figures, sent to the page as PNG when the program calls `plt.show()`, or ends."""

from __future__ import annotations

import base64
import importlib.util
import io
import os
import sys

from playground import console, tell

_MOST_FIGURES = 50


def show(*args: object, **options: object) -> None:
    """Sends the open figures and closes them; in a program, this is `plt.show`."""
    plt = sys.modules.get("matplotlib.pyplot")
    if plt is None:
        return
    console.send()  # what was printed before stands before
    for number in plt.get_fignums()[:_MOST_FIGURES]:
        picture = io.BytesIO()
        plt.figure(number).savefig(picture, format="png", dpi=110, bbox_inches="tight")
        tell("figure", base64.b64encode(picture.getvalue()).decode())
    plt.close("all")


def prepare(source: str) -> None:
    """Before a program: forgets what the last one left open; if this one draws, what it draws is to be shown here."""
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    elif "matplotlib" in source and importlib.util.find_spec("matplotlib"):
        install()


def install() -> None:
    """Has `plt.show` show in the page, whatever backend a program chooses: there is none but this."""
    os.environ["MPLBACKEND"] = "agg"  # Pyodide's own makes scripts of strings, which this site does not allow
    import matplotlib
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    matplotlib.use = plt.switch_backend = lambda *args, **options: None
    plt.show = show
