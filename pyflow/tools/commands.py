"""The commands about files, `pyflow inspect`, `convert`, `freeze`; `pyflow doctor` about GPUs; `pyflow playground`."""

from __future__ import annotations

import os
import sys
from typing import Any

from pyflow.core.errors import OpError


def add_file_commands(commands: Any) -> None:
    """Adds them to the parser's commands."""
    command = commands.add_parser("inspect", help="tell what a checkpoint, graph, model or file of records has in it")
    command.add_argument("path", metavar="PATH", help="a file, a folder, or a checkpoint's path without its endings")
    commands.add_parser("doctor", help="tell which GPUs there are, and whether every kernel computes right on them")
    command = commands.add_parser(
        "convert", help="convert tensors between checkpoint, .npz and .safetensors, as the endings say"
    )
    command.add_argument("source", metavar="SOURCE", help="what to read")
    command.add_argument("target", metavar="TARGET", help="what to write")
    command = commands.add_parser("freeze", help="write a graph with its variables as constants, for inference")
    command.add_argument("model", metavar="MODEL", help="a SavedModel's folder, or a checkpoint with its .meta file")
    command.add_argument("target", metavar="TARGET", help="the .pb file to write, or .pbtxt for text")
    command.add_argument("--outputs", default="", help="names of the nodes that are wanted, with commas between")
    command.add_argument("--tags", default="serve", help="tags of the SavedModel's graph, with commas between")
    command.add_argument("--signature", default="serving_default", help="whose outputs are wanted without --outputs")
    command = commands.add_parser("playground", help="serve the playground: PyFlow in a browser's tab")
    command.add_argument("--site", help="the folder that `make web` has built, if it is not web/dist of this checkout")
    command.add_argument("--host", default="localhost", help="where to listen (%(default)s)")
    command.add_argument("--port", type=int, default=8000, help="%(default)s; 0 for any that is free")


def run_file_command(options: Any) -> int:
    """Runs one; gives the exit code. What is wrong with a file is said in a line."""
    try:
        if options.command == "inspect":
            from pyflow.tools.inspection import inspect

            for line in inspect(options.path):
                print(line)
        elif options.command == "doctor":
            from pyflow.tools.doctor import doctor

            for line in doctor():
                print(line, flush=True)
        elif options.command == "convert":
            from pyflow.tools.tensor_files import convert

            print(f"{convert(options.source, options.target)} tensors written to {options.target}")
        elif options.command == "playground":
            from pyflow.tools.playground import serve

            serve(options.site, options.host, options.port)
        else:
            _freeze(options.model, options.target, options.outputs, options.tags, options.signature)
    except BrokenPipeError:  # whoever reads has seen enough
        sys.stdout = open(os.devnull, "w")
    except (ValueError, RuntimeError, AssertionError, OSError, OpError) as error:
        message = getattr(error, "message", None) or str(error)
        print(f"pyflow {options.command}: {message}", file=sys.stderr)
        return 1
    return 0


def _freeze(model: str, target: str, outputs: str, tags: str, signature: str) -> None:
    from pyflow.tools.freeze_graph import freeze_graph
    from pyflow.tools.tensor_files import checkpoint_prefix
    from pyflow.train.meta_graph import write_graph
    from pyflow.train.saved_model_loader import find_meta_graph, maybe_saved_model_directory, parse_saved_model

    is_model = os.path.isdir(model) and maybe_saved_model_directory(model)
    checkpoint = None if is_model else checkpoint_prefix(model)
    if is_model and not outputs:
        signatures = find_meta_graph(parse_saved_model(model), tags.split(",")).signature_def
        if signature not in signatures:
            raise ValueError(f"{model} has no signature {signature}; it has: {', '.join(sorted(signatures))}")
        outputs = ",".join(sorted({info.name.partition(":")[0] for info in signatures[signature].outputs.values()}))
    if not outputs:
        raise ValueError("a checkpoint does not say what is wanted of it: name it with --outputs")
    frozen = freeze_graph(
        None, None, True, checkpoint, outputs, None, None, None, True, None,
        input_meta_graph=None if is_model else f"{checkpoint}.meta",
        input_saved_model_dir=model if is_model else None,
        saved_model_tags=tags,
    )  # fmt: skip
    if frozen == -1:
        raise ValueError(f"{model} is no checkpoint and no SavedModel")
    write_graph(frozen, os.path.dirname(target) or ".", os.path.basename(target), as_text=target.endswith(".pbtxt"))
    print(f"{len(frozen.node)} nodes written to {target}; outputs: {outputs}")
