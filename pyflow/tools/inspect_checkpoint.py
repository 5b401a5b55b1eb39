"""What is in a checkpoint, printed (`tensorflow.python.tools.inspect_checkpoint`)."""

from __future__ import annotations

import argparse
import math
import re
from typing import Any

import numpy as np

from pyflow.train.checkpoint_reader import NewCheckpointReader


def print_tensors_in_checkpoint_file(
    file_name: str,
    tensor_name: str,
    all_tensors: bool,
    all_tensor_names: bool = False,
    count_exclude_pattern: str = "",
) -> None:
    """Prints the tensors of a checkpoint, or of one its name and value, and how many numbers there are.

    Args:
      tensor_name: the only tensor to print; "" for all, with their dtypes and shapes in the place of values.
      all_tensors: whether to print the values of all.
      all_tensor_names: whether to print the names of all.
      count_exclude_pattern: a regular expression for the names of those that aren't counted.
    """
    try:
        reader = NewCheckpointReader(file_name)
        if all_tensors or all_tensor_names:
            for name in sorted(reader.get_variable_to_shape_map()):
                print("tensor_name: ", name)
                if all_tensors:
                    print(reader.get_tensor(name))
        elif not tensor_name:
            print(reader.debug_string().decode("utf-8"))
        else:
            print("tensor_name: ", tensor_name)
            print(reader.get_tensor(tensor_name))
        print(f"# Total number of params: {_count_total_params(reader, count_exclude_pattern)}")
    except Exception as error:  # as in TensorFlow, what went wrong is printed
        words = getattr(error, "message", str(error))
        print(words)
        if "corrupted compressed block contents" in words:
            print("It's likely that your checkpoint file has been compressed with SNAPPY.")
        if "Data loss" in words and any(e in file_name for e in (".index", ".meta", ".data")):
            print(
                "It's likely that this is a V2 checkpoint and you need to provide the filename *prefix*. Try removing "
                f"the '.' and extension. Try: inspect checkpoint --file_name = {file_name.rpartition('.')[0]}"
            )


def _count_total_params(reader: Any, count_exclude_pattern: str = "") -> int:
    counts = {name: math.prod(shape) for name, shape in reader.get_variable_to_shape_map().items()}
    if not count_exclude_pattern:
        return sum(counts.values())
    excluded = [name for name in counts if re.search(count_exclude_pattern, name)]
    left_out = sum(counts[name] for name in excluded)
    print(
        f"# Excluding {len(excluded)} tensors ({left_out} params) that match {count_exclude_pattern} when counting."
    )
    return sum(counts.values()) - left_out


def parse_numpy_printoption(kv_str: str) -> None:
    """Sets an option of numpy's printing, told as "name=value".

    Raises:
      argparse.ArgumentTypeError: there is no such option, or it isn't of that form.
    """
    name, separator, value = kv_str.partition("=")
    if not separator or "=" in value:
        raise argparse.ArgumentTypeError(f"'{kv_str}' is not in the form k=v.")
    options: dict[str, Any] = dict(np.get_printoptions())
    if name not in options:
        raise argparse.ArgumentTypeError(f"'{name}' is not a valid printoption.")
    kind = type(options[name])
    if kind is type(None):
        raise argparse.ArgumentTypeError(f"Setting '{name}' from the command line is not supported.")
    try:
        options[name] = value == "True" if kind is bool else kind(value)
        np.set_printoptions(**options)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
