"""`tf.train.Scaffold`: what a training session needs besides the model, made where the program hasn't.

https://www.tensorflow.org/versions/r1.15/api_docs/python/tf/train/Scaffold
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyflow.core.api import export
from pyflow.core.collections import GraphKeys
from pyflow.core.operation import Operation
from pyflow.core.scopes import add_to_collection, get_collection, get_default_graph
from pyflow.ops import resources
from pyflow.ops.array_joining import concat
from pyflow.ops.control_flow import group
from pyflow.ops.table_initialization import tables_initializer
from pyflow.ops.variables import (
    global_variables,
    global_variables_initializer,
    local_variables_initializer,
    report_uninitialized_variables,
)
from pyflow.platform import logging
from pyflow.summary.functions import merge_all
from pyflow.train.saver import Saver

USE_DEFAULT: Any = object()


@export("train.Scaffold")
class Scaffold:
    """Operations that start a session, and the saver; `finalize` makes those that are None.

    Each is then the one in its collection, or made anew and added to it.

    Args:
      init_op: initialises the variables; by default the global ones and shared resources.
      init_feed_dict: fed to `init_op`.
      init_fn: a function of (scaffold, session), called after `init_op`.
      ready_op: the names of what isn't initialised, empty when the model is ready; by default of all variables.
      ready_for_local_init_op: the same before `local_init_op` is run; by default of the global variables.
      local_init_op: run in each new session; by default initialises local variables, tables and local resources.
      summary_op: by default all summaries in one.
      saver: by default a sharded `Saver` of everything.
      copy_from_scaffold: a `Scaffold` whose parts are taken where they are not given here.

    Raises:
      TypeError: `copy_from_scaffold` is no Scaffold.
    """

    def __init__(
        self,
        init_op: Any = None,
        init_feed_dict: Any = None,
        init_fn: Callable | None = None,
        ready_op: Any = None,
        ready_for_local_init_op: Any = None,
        local_init_op: Any = None,
        summary_op: Any = None,
        saver: Any = None,
        copy_from_scaffold: Scaffold | None = None,
    ):
        if copy_from_scaffold is not None and not isinstance(copy_from_scaffold, Scaffold):
            raise TypeError("copy_from_scaffold is not a Scaffold instance.")

        def given(name: str, value: Any) -> Any:
            return getattr(copy_from_scaffold, name) if value is None and copy_from_scaffold else value

        self._init_op = given("init_op", init_op)
        self._ready_op = given("ready_op", ready_op)
        self._ready_for_local_init_op = given("ready_for_local_init_op", ready_for_local_init_op)
        self._local_init_op = given("local_init_op", local_init_op)
        self._summary_op = given("summary_op", summary_op)
        self._saver = given("saver", saver)
        self._init_feed_dict = given("init_feed_dict", init_feed_dict)
        self._user_init_fn = init_fn if copy_from_scaffold is None else given("_user_init_fn", init_fn)

    init_fn: Any = property(
        lambda self: self._user_init_fn and (lambda sess: self._user_init_fn(self, sess)),
        doc="The init_fn as a function of the session alone, or None.",
    )
    init_op: Any = property(lambda self: self._init_op)
    ready_op: Any = property(lambda self: self._ready_op)
    ready_for_local_init_op: Any = property(lambda self: self._ready_for_local_init_op)
    local_init_op: Any = property(lambda self: self._local_init_op)
    summary_op: Any = property(lambda self: self._summary_op)
    saver: Any = property(lambda self: self._saver)
    init_feed_dict: Any = property(lambda self: self._init_feed_dict)

    def finalize(self) -> Scaffold:
        """Makes what is missing, builds the saver, and finalizes the graph."""
        for name, key, make in (
            ("init_op", GraphKeys.INIT_OP, _default_init_op),
            ("ready_op", GraphKeys.READY_OP, _default_ready_op),
            ("ready_for_local_init_op", GraphKeys.READY_FOR_LOCAL_INIT_OP, _default_ready_for_local_init_op),
            ("local_init_op", GraphKeys.LOCAL_INIT_OP, Scaffold.default_local_init_op),
            ("summary_op", GraphKeys.SUMMARY_OP, merge_all),
        ):
            attribute = f"_{name}"
            if getattr(self, attribute) is None:
                setattr(self, attribute, Scaffold.get_or_default(name, key, make))
        if self._saver is None:
            self._saver = _get_saver_or_default()
        self._saver.build()
        get_default_graph().finalize()
        logging.info("Graph was finalized.")
        return self

    @staticmethod
    def get_or_default(arg_name: str, collection_key: str, default_constructor: Callable) -> Any:
        """The only item of a collection; `default_constructor()`, added to it, if it is empty.

        Raises:
          RuntimeError: it has several items.
        """
        items = get_collection(collection_key)
        if len(items) > 1:
            raise RuntimeError(
                f'More than one item in the collection "{collection_key}". Please indicate which one to use by passing '
                f"it to the tf.Scaffold constructor as:  tf.Scaffold({arg_name}=item to use)"
            )
        if items:
            return items[0]
        made = default_constructor()
        if made is not None:
            add_to_collection(collection_key, made)
        return made

    @staticmethod
    def default_local_init_op() -> Operation:
        """An operation that initialises local variables, tables and local resources."""
        return group(
            local_variables_initializer(),
            tables_initializer(),
            resources.initialize_resources(resources.local_resources()),
        )


def _default_init_op() -> Operation:
    return group(global_variables_initializer(), resources.initialize_resources(resources.shared_resources()))


def _default_ready_op() -> Any:
    return concat([report_uninitialized_variables(), resources.report_uninitialized_resources()], 0)


def _default_ready_for_local_init_op() -> Any:
    return concat(
        [
            report_uninitialized_variables(global_variables()),
            resources.report_uninitialized_resources(resources.shared_resources()),
        ],
        0,
    )


def _get_saver_or_default() -> Saver:
    """The only saver among the graph's, or a new one, added to them.

    Raises:
      RuntimeError: there are several.
    """
    savers = get_collection(GraphKeys.SAVERS)
    if len(savers) > 1:
        raise RuntimeError(
            f"More than one item in collection {GraphKeys.SAVERS}. Please indicate which one to use by passing it to "
            "the constructor."
        )
    if savers:
        return savers[0]
    saver = Saver(sharded=True, allow_empty=True)
    add_to_collection(GraphKeys.SAVERS, saver)
    return saver
