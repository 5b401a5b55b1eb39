"""tf.train.Saver and what stands around it under TensorFlow 1.15.5; the results are kept in savers.json.

A case takes the module (TensorFlow or PyFlow) and returns plain values. Runs under Python 3.7 as well.
"""

import contextlib
import os
import re
import shutil
import tempfile

import numpy as np


@contextlib.contextmanager
def folder():
    """A folder of its own, which is also the working directory."""
    before, path = os.getcwd(), os.path.realpath(tempfile.mkdtemp())
    os.chdir(path)
    try:
        yield path
    finally:
        os.chdir(before)
        shutil.rmtree(path)


def masked(text, path):
    text = re.sub(r"_?(temp_|tmp)[0-9a-f]{32}", r"\1RANDOM", str(text)).replace(path, "FOLDER")
    text = re.sub(
        r"\n\t \[\[node .*|(?<= checkpoint) \{.*\}", "", text
    )  # lines of programs, and dicts without an order
    text = re.sub(r"<[\w.]*\.(\w+) object at 0x[0-9a-f]+>", r"<\1>", text)
    return re.sub(r"(?m)(: \d+)\.0$", r"\1", text)  # versions of protobuf write numbers differently


def failure(path, function, lines=1):
    """The class and the first line(s) of the message of what a function raises; its result if nothing."""
    try:
        return ["no error", masked(function(), path)]
    except Exception as error:
        message = masked(getattr(error, "message", None) or error, path)
        return [type(error).__name__, "\n".join(message.split("\n")[:lines])]


def nodes(graph, since=0):
    """All nodes: name, type, device, inputs, control inputs, the attrs that matter."""
    rows = []
    for op in graph.get_operations()[since:]:
        inputs = [tensor.name for tensor in op.inputs] + ["^" + other.name for other in op.control_inputs]
        attrs = {}
        for name in ("dtypes", "validate_shape", "use_locking", "delete_old_dirs", "_class"):
            if name in op.node_def.attr:
                attrs[name] = re.sub(r"\s+", " ", str(op.node_def.attr[name])).strip()
        value = ""
        if op.type == "Const" and op.name.startswith("save"):
            content = op.node_def.attr["value"].tensor
            value = masked([b.decode() for b in content.string_val] or list(content.int_val), "//")
        rows.append([op.name, op.type, op.device, inputs, attrs, value])
    return rows


def built(tf, make, **options):
    def case_nodes(_):
        variables = make(tf)
        graph = tf.get_default_graph()
        count = len(graph.get_operations())
        saver = tf.train.Saver(variables, **options)
        return [nodes(graph, count), masked(saver.saver_def, "//")]

    return case_nodes


def two(tf, use_resource=False):
    return [
        tf.get_variable("b", [2], use_resource=use_resource),
        tf.get_variable("a", [3, 2], tf.float64, use_resource=use_resource),
    ]


def on_devices(tf):
    with tf.device("/job:worker/cpu:0"):
        first = tf.get_variable("first", [2])
    with tf.device("/cpu:0"):
        second = tf.get_variable("second", [2], use_resource=True)
    return [first, second, tf.get_variable("third", [2], tf.int32)]


def in_parts(tf, use_resource=False):
    with tf.variable_scope("scope"):
        parts = tf.get_variable("parts", [5, 2], partitioner=tf.fixed_size_partitioner(2), use_resource=use_resource)
    return [*list(parts), tf.get_variable("other", [])]


GRAPHS = {
    "list": (lambda tf: two(tf), {}),
    "resources": (lambda tf: two(tf, True), {}),
    "dict": (lambda tf: dict(zip(["x", "w"], two(tf))), {}),
    "dict_of_parts": (lambda tf: {"whole": in_parts(tf)[:2]}, {}),
    "sharded": (on_devices, {"sharded": True}),
    "first_version": (lambda tf: two(tf), {"write_version": 1}),
    "sharded_first_version": (on_devices, {"sharded": True, "write_version": 1}),
    "sharded_and_sequential": (on_devices, {"sharded": True, "restore_sequentially": True}),
    "reshape": (lambda tf: two(tf), {"reshape": True}),
    "reshape_resources": (lambda tf: two(tf, True), {"reshape": True}),
    "sequentially": (lambda tf: two(tf), {"restore_sequentially": True}),
    "named": (lambda tf: two(tf), {"name": "keeper", "filename": "file", "max_to_keep": None}),
    "options": (lambda tf: two(tf), {"max_to_keep": 3, "keep_checkpoint_every_n_hours": 2.5}),
    "parts": (in_parts, {}),
    "parts_resources": (lambda tf: in_parts(tf, True), {}),
    "parts_reshape": (in_parts, {"reshape": True}),
    "shape_unknown": (lambda tf: [tf.Variable([1.0], validate_shape=False, name="free")], {}),
    "on_gpu": (lambda tf: _on_gpu(tf, False), {}),
    "on_gpu_resource": (lambda tf: _on_gpu(tf, True), {}),
    "read": (lambda tf: [tf.get_variable("v", [2], use_resource=True).value()], {}),
}


def _on_gpu(tf, use_resource):
    with tf.device("/gpu:0"):
        return [tf.get_variable("v", [2], use_resource=use_resource)]


def _scalar(tf, name, value=1.0, **options):
    return tf.get_variable(name, initializer=tf.constant(value), **options)


def constructor_errors(tf):
    v = _scalar(tf, "v")
    with tf.variable_scope("s"):
        parts = list(tf.get_variable("p", [4], partitioner=tf.fixed_size_partitioner(2)))
        others = list(tf.get_variable("q", [4], partitioner=tf.fixed_size_partitioner(2)))
    saver_def = tf.train.Saver([v]).saver_def
    incomplete = tf.train.SaverDef(save_tensor_name="x")
    make = tf.train.Saver
    cases = [
        lambda: make({"a": v, "b": v}),
        lambda: make([v, v]),
        lambda: make([v * 2.0]),
        lambda: make({"a": v * 2.0}),
        lambda: make({1: v}),
        lambda: make(3),
        lambda: make(v),
        lambda: make([]),
        lambda: make({}),
        lambda: make({"p": [parts[0], others[0]]}),
        lambda: make({"p": [v]}),
        lambda: make({"p": ["x"]}),
        lambda: make([v], defer_build=True),
        lambda: make(saver_def=3),
        lambda: make(saver_def=incomplete),
        lambda: make(saver_def=tf.train.SaverDef()),
        lambda: make([v], max_to_keep=-1),
        lambda: str(make(saver_def=saver_def).saver_def),
        lambda: str(make(saver_def=saver_def, name="inside").saver_def),
        lambda: make(["v"]),
        lambda: make([v, 3]),
    ]
    return [failure("//", case) for case in cases]


def no_variables(tf):
    with folder() as path, tf.Session() as sess:
        result = [failure(path, lambda: tf.train.Saver())]
        saver = tf.train.Saver(allow_empty=True)
        result.append(failure(path, lambda: saver.save(sess, "m")))
        result.append(sorted(os.listdir(path)))
        result.append(failure(path, lambda: saver.restore(sess, "m")))
        result.append(failure(path, lambda: saver.restore(sess, None)))
        deferred = tf.train.Saver(defer_build=True)
        result.append(failure(path, lambda: deferred.save(sess, "m")))
        _scalar(tf, "v")
        sess.run(tf.global_variables_initializer())
        deferred.build()
        result.append(failure(path, lambda: deferred.save(sess, "m")))
        return result


def wrong_uses(tf):
    with folder() as path:
        v = _scalar(tf, "v")
        other = _scalar(tf, "other")
        wide = tf.get_variable("wide", [3])
        saver = tf.train.Saver([v])
        with tf.Session() as sess:
            result = [failure(path, lambda: saver.save(sess, path + "/m"))]
            sess.run(tf.global_variables_initializer())
            with open("plain", "w") as file:
                file.write("text")
            with open("broken.index", "w") as file:
                file.write("text, that is no table at all, but longer than its footer")
            with open("empty.index", "w") as file:
                file.write("")
            os.mkdir("inner")
            saved = saver.save(sess, path + "/m")
            cases = [
                lambda: saver.save(sess, path + "/no/such/m"),
                lambda: saver.save(sess, path + "/plain/m"),
                lambda: saver.save(sess, path + "/new/m"),
                lambda: saver.save(sess, path + "/checkpoint"),
                lambda: saver.save(sess, path + "/checkpoint", global_step=1),
                lambda: saver.save(sess, path + "/m", latest_filename="a/b"),
                lambda: saver.save(sess, path + "/m", latest_filename="m"),
                lambda: saver.save(sess, "m2"),
                lambda: saver.save(sess, ""),
                lambda: saver.save(None, path + "/m"),
                lambda: saver.save(sess, path + "/m", global_step="nothing"),
                lambda: saver.save(sess, path + "/m", global_step="v:0", write_meta_graph=False),
                lambda: saver.restore(sess, None),
                lambda: saver.restore(sess, "nowhere"),
                lambda: saver.restore(sess, path + "/nowhere"),
                lambda: saver.restore(sess, path + "/no/such/m"),
                lambda: saver.restore(sess, path),
                lambda: saver.restore(sess, ""),
                lambda: saver.restore(sess, path + "/plain"),
                lambda: saver.restore(sess, path + "/broken"),
                lambda: saver.restore(sess, path + "/empty"),
                lambda: tf.train.Saver([other]).restore(sess, saved),
                lambda: tf.train.Saver({"v": wide}).restore(sess, saved),
                lambda: tf.train.Saver({"v": wide}, reshape=True).restore(sess, saved),
                lambda: tf.train.NewCheckpointReader("nowhere"),
                lambda: tf.train.NewCheckpointReader(path),
                lambda: tf.train.NewCheckpointReader("broken"),
                lambda: tf.train.NewCheckpointReader("empty"),
                lambda: tf.train.NewCheckpointReader("plain"),
                lambda: tf.train.NewCheckpointReader(saved).get_tensor("nothing"),
                lambda: tf.train.load_checkpoint(path + "/inner"),
                lambda: tf.train.load_checkpoint(path + "/nowhere"),
                lambda: tf.train.load_variable(path, "v:0"),
                lambda: tf.train.load_variable(path, "u"),
                lambda: tf.train.list_variables(path),
                lambda: tf.train.latest_checkpoint(path + "/inner"),
                lambda: tf.train.latest_checkpoint(path + "/nowhere"),
                lambda: tf.train.get_checkpoint_state(path + "/inner"),
                lambda: tf.train.checkpoint_exists(path + "/m"),
                lambda: tf.train.checkpoint_exists(path + "/plain"),
                lambda: tf.train.checkpoint_exists(path + "/none"),
                lambda: tf.train.checkpoint_exists(path + "/no/such/none"),
                lambda: tf.train.get_checkpoint_mtimes([path + "/none", path + "/no/such"]),
            ]
            result += [failure(path, case, lines=4) for case in cases]
            return result


def save_names(tf, options, saves):
    """What `save` gives, the files, and the `checkpoint` file, after each of some calls."""

    def case(_):
        with folder() as path, tf.Graph().as_default(), tf.Session() as sess:
            v = _scalar(tf, "v")
            step = tf.train.create_global_step()
            saver = tf.train.Saver([v], **options)
            sess.run([v.initializer, step.assign(12)])
            result = []
            for arguments in saves:
                arguments = dict(arguments)
                prefix = arguments.pop("prefix", "FOLDER/m").replace("FOLDER", path)
                if arguments.get("global_step") == "variable":
                    arguments["global_step"] = step
                os.makedirs(os.path.dirname(prefix) or ".", exist_ok=True)
                row = [failure(path, lambda p=prefix, a=arguments: saver.save(sess, p, **a))]
                files, states = [], {}
                for root, _, names in os.walk(path):
                    for name in names:
                        shown = os.path.join(root, name).replace(path, "FOLDER")
                        files.append(shown)
                        if name in ("checkpoint", "latest", "other"):
                            with open(os.path.join(root, name)) as file:
                                states[shown] = masked(file.read(), path)
                row += [sorted(files), states, [masked(p, path) for p in saver.last_checkpoints]]
                result.append(row)
            return result

    return case


SAVES = {
    "plain": ({}, [{}, {}]),
    "steps": ({}, [{"global_step": s} for s in (1, 2, "variable", 12, 7)]),
    "two_kept": ({"max_to_keep": 2}, [{"global_step": s} for s in (1, 2, 3, 2, 4)]),
    "one_kept_same_name": ({"max_to_keep": 1}, [{}, {}, {"global_step": 1}, {}]),
    "all_kept": ({"max_to_keep": None}, [{"global_step": s} for s in range(3)]),
    "none_kept": ({"max_to_keep": 0}, [{"global_step": s} for s in range(3)]),
    "hours": ({"max_to_keep": 1, "keep_checkpoint_every_n_hours": 0}, [{"global_step": s} for s in range(3)]),
    "padded": ({"pad_step_number": True}, [{"global_step": 3}, {"global_step": 123456789}]),
    "relative": ({"save_relative_paths": True}, [{"global_step": 3}, {"prefix": "inner/m"}, {"prefix": "m"}]),
    "working_directory": ({}, [{"prefix": "m"}, {"prefix": "./m"}, {"prefix": "inner/m"}, {"prefix": "FOLDER/m"}]),
    "latest_filename": ({}, [{"latest_filename": "latest"}, {"latest_filename": "other"}]),
    "no_state": ({"max_to_keep": 1}, [{"write_state": False, "global_step": s} for s in (1, 2)]),
    "no_meta": ({}, [{"write_meta_graph": False}]),
    "suffix": ({"max_to_keep": 1}, [{"meta_graph_suffix": "graph", "global_step": s} for s in (1, 2)]),
    "sharded": ({"sharded": True, "max_to_keep": 1}, [{"global_step": 1}, {"global_step": 2}]),
    "first_version": ({"write_version": 1, "max_to_keep": 1}, [{"global_step": s} for s in (1, 2)]),
    "sharded_first_version": (
        {"write_version": 1, "max_to_keep": 1, "sharded": True},
        [{"global_step": s} for s in (1, 2)],
    ),
    "dashes": ({"max_to_keep": 1}, [{"prefix": "a-1-of-2"}, {"prefix": "m.x"}]),
}


def state_functions(tf):
    t = tf.train
    make = t.generate_checkpoint_state_proto
    with folder() as path:
        os.mkdir("inner")
        result = [
            failure(path, case)
            for case in [
                lambda: make(path, path + "/m"),
                lambda: make(path, "m"),
                lambda: make("inner", "inner/m"),
                lambda: make("inner", "m", ["inner/l", "k"]),
                lambda: make("inner", path + "/m", [path + "/l", path + "/m"]),
                lambda: make("", "m", ["m"]),
                lambda: make("inner", "inner/m", ["inner/m", "inner/l"]),
                lambda: make(path, "m", ["l", "m"], [1.0, 2.0], 0.5),
                lambda: make(path, "m", ["l", "m"], [1.0]),
                lambda: make(path, "m", None, [1.0]),
                lambda: t.update_checkpoint_state(path, path + "/checkpoint"),
                lambda: t.update_checkpoint_state("", "checkpoint"),
                lambda: t.update_checkpoint_state(path + "/none", "m"),
            ]
        ]
        t.update_checkpoint_state(path, path + "/m", [path + "/l"], "latest", [1.0, 2.0], 0.25)
        t.update_checkpoint_state("inner", "inner/m", ["inner/l"])
        for name in ("latest", "inner/checkpoint"):
            with open(name) as file:
                result.append(masked(file.read(), path))
        result.append(masked(t.get_checkpoint_state(path, "latest"), path))
        result.append(masked(t.get_checkpoint_state("inner"), path))
        result.append(masked(t.get_checkpoint_state(path + "/inner/"), path))
        result.append(masked(t.latest_checkpoint("inner"), path))
        for text in ("", "model_checkpoint_path: 3", "nonsense {", 'all_model_checkpoint_paths: "a"'):
            with open("checkpoint", "w") as file:
                file.write(text)
            result.append(failure(path, lambda: t.get_checkpoint_state(path)))
        return result


def last_checkpoints(tf):
    with folder() as path, tf.Session() as sess:
        v = _scalar(tf, "v")
        sess.run(v.initializer)
        first = tf.train.Saver(max_to_keep=2)
        paths = [first.save(sess, path + "/m", global_step=s, write_meta_graph=False) for s in range(3)]
        second = tf.train.Saver(max_to_keep=2)
        second.recover_last_checkpoints(paths)
        result = [[masked(p, path) for p in second.last_checkpoints]]
        second.save(sess, path + "/m", global_step=5, write_meta_graph=False)
        result.append(sorted(os.listdir(path)))
        second.set_last_checkpoints(["a", "b"])
        result.append(second.last_checkpoints)
        result.append(failure(path, lambda: second.set_last_checkpoints("a")))
        second.set_last_checkpoints_with_time([("c", 1.0), ("d", 2.0)])
        result.append(second.last_checkpoints)
        result.append(failure(path, lambda: second.set_last_checkpoints_with_time("a")))
        tf.train.remove_checkpoint(paths[2])
        tf.train.remove_checkpoint(paths[2])
        result.append(sorted(os.listdir(path)))
        result.append(len(tf.train.get_checkpoint_mtimes([path + "/m-5", path + "/m-4"])))
        return result


def protos(tf):
    with tf.name_scope("outer"):
        v = _scalar(tf, "v")
        saver = tf.train.Saver([v], name="keep")
    result = [masked(x, "//") for x in (saver.saver_def, saver.to_proto(), saver.as_saver_def())]
    for scope in ("outer", "outer/keep", "other", ""):
        result.append(masked(saver.to_proto(scope), "//"))
    again = tf.train.Saver.from_proto(saver.to_proto("outer"), import_scope="outer")
    result.append(masked(again.saver_def, "//"))
    result.append(failure("//", lambda: tf.train.Saver.from_proto(3)))
    return result


def initial_values(tf):
    """Nodes and values of init_from_checkpoint with maps of every kind."""
    with folder() as path:
        with tf.Graph().as_default(), tf.Session() as sess:
            for name, value in (("old/w", np.arange(6.0).reshape(3, 2)), ("old/b", 4.0), ("top", [1.0, 2.0])):
                _scalar(tf, name, value)
            sess.run(tf.global_variables_initializer())
            saved = tf.train.Saver().save(sess, path + "/m")
        result = []

        zeros = tf.zeros_initializer()

        def variables(scope="new"):
            with tf.variable_scope(scope):
                return [
                    tf.get_variable("w", [3, 2], tf.float64, zeros, partitioner=tf.fixed_size_partitioner(2)),
                    tf.get_variable("b", [], tf.float64, zeros, use_resource=True),
                ]

        maps = {
            "scope": lambda w, b: {"old/": "new/"},
            "root": lambda w, b: {"/": "new/"},
            "name": lambda w, b: {"old/b": "new/b", "old/w": "new/w"},
            "variable": lambda w, b: {"old/b": b, "old/w": list(w)},
            "list": lambda w, b: {"old/w": list(w)},
            "part": lambda w, b: {"old/w": list(w)[0]},
            "missing": lambda w, b: {"old/x": b},
            "missing_in_scope": lambda w, b: {"none/": "new/"},
            "shape": lambda w, b: {"old/w": b},
            "shape_of_parts": lambda w, b: {"top": list(w)},
            "scope_to_name": lambda w, b: {"old": "new/"},
            "scope_without_slash": lambda w, b: {"old/": "new"},
            "nothing": lambda w, b: {"old/b": "none"},
            "no_scope": lambda w, b: {"old/": "none/"},
            "dtype": lambda w, b: {"old/b": tf.get_variable("f", [])},
        }
        for name, make in sorted(maps.items()):
            with tf.Graph().as_default() as graph, tf.Session() as sess:
                w, b = variables()
                assignment = make(w, b)
                count = len(graph.get_operations())
                row = failure(path, lambda a=assignment: tf.train.init_from_checkpoint(saved, a))
                row.append(nodes(graph, count))
                if row[0] == "no error":
                    row.append(failure(path, lambda s=sess: s.run(tf.global_variables_initializer())))
                    values = [x.value() for x in [b, *list(w)]]
                    row.append(failure(path, lambda s=sess, v=values: [s.run(x).tolist() for x in v]))
                result.append([name, row])
        return result


def readers(tf):
    with folder() as path:
        with tf.Graph().as_default(), tf.Session() as sess:
            _scalar(tf, "w", np.arange(6.0).reshape(3, 2))
            tf.get_variable("p", [4], tf.int32, tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
            tf.get_variable("s", initializer=tf.constant(["a", "b"]))
            tf.get_variable("h", [1], tf.float16, tf.ones_initializer())
            tf.get_variable("c", [], tf.complex64, tf.ones_initializer())
            tf.get_variable("t", initializer=tf.constant(True))
            tf.get_variable("empty", [0, 2])
            sess.run(tf.global_variables_initializer())
            saved = tf.train.Saver().save(sess, path + "/m")
        reader = tf.train.NewCheckpointReader(saved)
        shapes, types = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
        values = {name: reader.get_tensor(name) for name in shapes}
        shown = {
            n: [type(v).__name__.strip("_"), str(getattr(v, "dtype", "")), str(np.asarray(v).tolist())]
            for n, v in values.items()
        }
        return [
            sorted(shapes.items()),
            sorted((name, tf.as_dtype(t).name) for name, t in types.items()),
            sorted(shown.items()),
            sorted(reader.debug_string().decode("latin-1").split("\n")),
            [reader.has_tensor("w"), reader.has_tensor("none")],
            [[name, shape] for name, shape in tf.train.list_variables(saved)],
            str(tf.train.load_variable(path, "p")),
        ]


def averages(tf):
    v = _scalar(tf, "v")
    other = _scalar(tf, "other")
    ema = tf.train.ExponentialMovingAverage(0.9)
    ema.apply([v])
    result = []
    for options in ({}, {"moving_avg_variables": [v]}, {"moving_avg_variables": [other]}):
        restored = ema.variables_to_restore(**options)
        result.append(sorted((name, variable.op.name) for name, variable in restored.items()))
    return result


def iterated(tf):
    with folder() as path, tf.Session() as sess:
        v = _scalar(tf, "v")
        sess.run(v.initializer)
        saver = tf.train.Saver()
        saver.save(sess, path + "/m", global_step=1)
        result, calls = [], []

        def timed_out():
            calls.append(1)
            return len(calls) > 2

        iterator = tf.train.checkpoints_iterator(path, timeout=0, timeout_fn=timed_out)
        result.append(masked(next(iterator), path))
        saver.save(sess, path + "/m", global_step=2)
        result.append(masked(next(iterator), path))
        result.append(failure(path, lambda: next(iterator)))
        result.append(len(calls))
        result.append([masked(p, path) for p in tf.train.checkpoints_iterator(path, timeout=0)])
        wait = tf.contrib.training.wait_for_new_checkpoint
        result.append(masked(wait(path, None, timeout=0), path))
        result.append(masked(wait(path, path + "/m-2", seconds_to_sleep=0.01, timeout=0.02), path))
        result.append([masked(p, path) for p in tf.contrib.training.checkpoints_iterator(path, timeout=0)])
        return result


def contrib_assignments(tf):
    f = tf.contrib.framework
    with folder() as path:
        with tf.Graph().as_default(), tf.Session() as sess:
            _scalar(tf, "a", [1.0, 2.0])
            _scalar(tf, "b", 4.0)
            tf.get_variable("p", initializer=tf.range(4.0), partitioner=tf.fixed_size_partitioner(2))
            sess.run(tf.global_variables_initializer())
            saved = tf.train.Saver().save(sess, path + "/m")
        a, b = tf.get_variable("a", [2]), tf.get_variable("b", [])
        missing = tf.get_variable("missing", [])
        parts = tf.get_variable("p", [4], partitioner=tf.fixed_size_partitioner(2))
        result = []
        with tf.Session() as sess:
            count = len(tf.get_default_graph().get_operations())
            op, feed = f.assign_from_checkpoint(saved, {"a": a, "b": b, "p": list(parts)})
            result.append(nodes(tf.get_default_graph(), count))
            result.append([type(op).__name__, sorted((k.name, np.asarray(v).tolist()) for k, v in feed.items())])
            sess.run(op, feed)
            result.append([x.tolist() for x in sess.run([a, b, tf.convert_to_tensor(parts)])])
            cases = [
                lambda: f.assign_from_checkpoint(saved, [missing]),
                lambda: f.assign_from_checkpoint(saved, [missing, a], ignore_missing_vars=True)[0].name,
                lambda: f.assign_from_checkpoint(saved, {"a": b}),
                lambda: f.assign_from_checkpoint(saved, {"a": "x"}),
                lambda: f.assign_from_checkpoint_fn(saved, [])(sess),
                lambda: f.assign_from_checkpoint_fn(saved, [a, b])(sess),
                lambda: f.assign_from_checkpoint_fn(saved, [a, missing])(sess),
                lambda: f.assign_from_checkpoint_fn(saved, [a, missing], ignore_missing_vars=True)(sess),
                lambda: f.assign_from_checkpoint_fn(saved, [missing], ignore_missing_vars=True),
                lambda: f.assign_from_checkpoint_fn(saved, {"a": b}, reshape_variables=True)(sess),
                lambda: f.assign_from_checkpoint_fn("nowhere", [a], ignore_missing_vars=True),
                lambda: f.list_variables(saved),
                lambda: f.load_variable(saved, "b"),
                lambda: f.load_checkpoint(saved).has_tensor("a"),
                lambda: f.init_from_checkpoint(saved, {"b": b}),
            ]
            result += [failure(path, case, lines=2) for case in cases]
            count = len(tf.get_default_graph().get_operations())
            op, feed = f.assign_from_values({"a": np.float32([5, 6]), "b": np.float32(7)})
            result.append([nodes(tf.get_default_graph(), count), sorted(k.name for k in feed)])
            sess.run(op, feed)
            result.append([x.tolist() for x in sess.run([a, b])])
            f.assign_from_values_fn({"a": np.float32([8, 9])})(sess)
            result.append(sess.run(a).tolist())
            return result


def warm_starts(tf):
    with folder() as path:
        with tf.Graph().as_default(), tf.Session() as sess:
            _scalar(tf, "layer/w", [[1.0, 2.0], [3.0, 4.0]])
            _scalar(tf, "layer/b", [5.0, 6.0])
            _scalar(tf, "table", [[1.0], [2.0], [3.0]])
            tf.train.create_global_step()
            sess.run(tf.global_variables_initializer())
            saved = tf.train.Saver().save(sess, path + "/m")
        vocabulary = tf.train.VocabInfo(
            new_vocab="new.txt",
            new_vocab_size=3,
            num_oov_buckets=1,
            old_vocab="old.txt",
            old_vocab_size=2,
            backup_initializer=tf.constant_initializer(9.0),
        )
        result = [list(vocabulary)[:5]]
        settings = {
            "all": {},
            "some": {"vars_to_warm_start": ".*w"},
            "list": {"vars_to_warm_start": ["layer/b"]},
            "none": {"vars_to_warm_start": None},
            "renamed": {"vars_to_warm_start": "layer/b", "var_name_to_prev_var_name": {"layer/b": "layer/b"}},
            "unused_name": {"vars_to_warm_start": "layer/b", "var_name_to_prev_var_name": {"x": "layer/b"}},
            "missing": {"vars_to_warm_start": "layer/b", "var_name_to_prev_var_name": {"layer/b": "none"}},
            "wrong": {"vars_to_warm_start": 3},
            "variables": {"vars_to_warm_start": [3]},
        }
        for name, options in sorted(settings.items()):
            with tf.Graph().as_default(), tf.Session() as sess:
                zeros = tf.zeros_initializer()
                made = [
                    tf.get_variable("layer/w", [2, 2], initializer=zeros),
                    tf.get_variable("layer/b", [2], initializer=zeros),
                ]
                row = failure(path, lambda o=options: tf.train.warm_start(saved, **o))
                sess.run(tf.global_variables_initializer())
                result.append([name, row, [x.tolist() for x in sess.run(made)]])
        return result


CASES = {
    "constructor_errors": constructor_errors,
    "no_variables": no_variables,
    "wrong_uses": wrong_uses,
    "state_functions": state_functions,
    "last_checkpoints": last_checkpoints,
    "protos": protos,
    "initial_values": initial_values,
    "readers": readers,
    "averages": averages,
    "iterated": iterated,
    "contrib_assignments": contrib_assignments,
    "warm_starts": warm_starts,
}
for _name, (_make, _options) in GRAPHS.items():
    CASES["graph_" + _name] = lambda tf, make=_make, options=_options: built(tf, make, **options)(tf)
for _name, (_options, _saves) in SAVES.items():
    CASES["saves_" + _name] = lambda tf, options=_options, saves=_saves: save_names(tf, options, saves)(tf)
