"""What run.mjs calls inside Pyodide: one command, as a list of words, to an exit code."""

import glob
import importlib
import os
import runpy
import site
import sys
import traceback
import zipfile


def install(folder: str) -> None:
    """The pure-Python wheels of a folder: unpacking them is all that is needed."""
    for wheel in glob.glob(folder + "/*-none-any.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site.getsitepackages()[0])
    importlib.invalidate_caches()


def run_pytest(arguments: list[str]) -> int:
    import pytest

    # faulthandler wants a file descriptor to write to, the cache a writable checkout; neither is there
    return int(pytest.main(["-p", "no:faulthandler", "-p", "no:cacheprovider", "-m", "not native", *arguments]))


def run_script(arguments: list[str]) -> int:
    """The script as `pyflow run` runs it: with `tensorflow` being PyFlow."""
    from pyflow import as_tensorflow

    as_tensorflow.install()
    sys.argv[:] = arguments
    sys.path.insert(0, os.path.dirname(arguments[0]))
    runpy.run_path(arguments[0], run_name="__main__")
    return 0


def main(words) -> int:
    command, *arguments = list(words)
    try:
        return {"pytest": run_pytest, "run": run_script}[command](arguments)
    except SystemExit as exit:
        code = 0 if exit.code is None else exit.code
        return code if isinstance(code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1


install("/wheels")
os.chdir("/pyflow")
sys.path.insert(0, "/pyflow")
