"""FileIO and the functions behind tf.gfile: what they do, and which tf.errors they raise with which words."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest

from pyflow.core import errors
from pyflow.platform import file_io, gfile


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, content="text"):
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return str(path)


LINES = "one\ntwo\n\nfour"


# Reading and writing.


@pytest.mark.parametrize("mode", ["rt", "x", "rw", "rU", ""])
def test_mode_is_checked_at_once(mode):
    with pytest.raises(errors.InvalidArgumentError, match="mode is not 'r' or 'w' or 'a' or 'r.' or 'w.' or 'a.'"):
        file_io.FileIO("f", mode)


@pytest.mark.parametrize("act", ["read", "readline", "readlines", "size", "tell", "__next__"])
def test_missing_file_is_noticed_when_it_is_read(act):
    file = gfile.GFile("missing")
    with pytest.raises(errors.NotFoundError) as error:
        getattr(file, act)()
    assert error.value.message == "missing; No such file or directory"


def test_file_is_made_at_the_first_write():
    with gfile.GFile("f", "w") as file:
        assert not os.path.exists("f")
        file.write("")
        assert os.path.exists("f")


def test_text_is_str_and_binary_is_bytes():
    write("f", "é\n")
    assert gfile.GFile("f").read() == "é\n" and gfile.GFile("f", "rb").read() == "é\n".encode()
    assert gfile.GFile("f").readlines() == ["é\n"] and list(gfile.GFile("f", "rb")) == ["é\n".encode()]
    write("g", b"\xff")
    with pytest.raises(UnicodeDecodeError):
        gfile.GFile("g").read()


@pytest.mark.parametrize("mode", ["w", "wb", "w+", "r+"])
@pytest.mark.parametrize("content", ["é", "é".encode()])
def test_both_str_and_bytes_can_be_written(mode, content):
    with gfile.GFile("f", mode) as file:
        file.write(content)
    assert gfile.GFile("f").read() == "é"


def test_other_things_cannot_be_written():
    with pytest.raises(TypeError, match="Expected binary or unicode string, got 3"):
        gfile.GFile("f", "w").write(3)


@pytest.mark.parametrize(
    "mode, expected", [("w", "new"), ("r+", "new"), ("w+", "new"), ("a", "oldnew"), ("ab+", "oldnew")]
)
def test_what_becomes_of_the_old_content(mode, expected):
    write("f", "old")
    with gfile.GFile("f", mode) as file:
        file.write("new")
    assert gfile.GFile("f").read() == expected


@pytest.mark.parametrize(
    "mode, act, words", [("r", lambda f: f.write("x"), "writing"), ("w", lambda f: f.read(), "reading")]
)
def test_mode_forbids(mode, act, words):
    write("f")
    with pytest.raises(errors.PermissionDeniedError, match=f"File isn't open for {words}"):
        act(gfile.GFile("f", mode))


def test_read_counts_from_the_present_position():
    write("f", LINES)
    file = gfile.GFile("f")
    assert [file.read(4), file.readline(), file.tell(), file.read(), file.read(), file.read(0)] == [
        "one\n", "two\n", 8, "\nfour", "", ""
    ]  # fmt: skip


def test_lines_lose_their_carriage_returns_but_reads_do_not():
    write("f", b"a\r\nb\rc\n")
    assert gfile.GFile("f", "rb").readlines() == [b"a\n", b"bc\n"]
    assert gfile.GFile("f", "rb").read() == b"a\r\nb\rc\n"


def test_reading_goes_on_with_what_is_written_meanwhile():
    file = gfile.GFile("f", "w+")
    file.write("abc")
    file.flush()
    assert (file.read(), file.size()) == ("abc", 3)
    file.write("def")
    file.flush()
    assert (file.read(), file.tell()) == ("def", 6)


def test_tell_of_a_file_that_is_only_written():
    write("f", "abc")
    with gfile.GFile("f", "a") as file:
        assert file.tell() == 3
        file.write("de")
        assert file.tell() == 5


@pytest.mark.parametrize("arguments, position", [((4,), 4), ((2, 1), 5), ((-3, 2), 10), ((0, 2), 13)])
def test_seek(arguments, position):
    write("f", LINES)
    file = gfile.GFile("f")
    file.read(3)
    file.seek(*arguments)
    assert file.tell() == position and file.read() == LINES[position:]


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"offset": -1}, errors.InvalidArgumentError, "Seeking to a negative position: -1"),
        ({"offset": 0, "whence": 3}, errors.InvalidArgumentError, "Invalid whence argument: 3. Valid values are 0, 1"),
        ({"offset": 99}, errors.OutOfRangeError, "reached end of file"),
        ({}, TypeError, "offset argument required"),
        ({"offset": 0, "position": 0}, TypeError, "offset and position may not be set simultaneously"),
    ],
)  # fmt: skip
def test_bad_seek(arguments, error, words):
    write("f", LINES)
    with pytest.raises(error, match=words):
        gfile.GFile("f").seek(**arguments)


def test_old_name_of_the_offset():
    write("f", LINES)
    file = gfile.GFile("f")
    file.seek(position=4)
    assert file.readline() == "two\n"


def test_closed_file_opens_again():
    write("f", LINES)
    file = gfile.GFile("f")
    file.readline()
    file.close()
    assert file.readline() == "one\n"


def test_written_content_reaches_the_file_without_close():
    gfile.GFile("f", "w").write("abc")
    assert gfile.GFile("f").read() == "abc"


def test_names():
    file = gfile.GFile("f", "rb+")
    assert (file.name, file.mode, file.seekable()) == ("f", "rb+", True)
    assert gfile.Open is gfile.GFile and issubclass(gfile.FastGFile, file_io.FileIO)


def test_numpy_reads_and_writes_through_it():
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=np.arange(3))
    with gfile.GFile("f.npz", "wb") as file:
        file.write(buffer.getvalue())
    with gfile.GFile("f.npz", "rb") as file, np.load(file) as content:
        assert content["a"].tolist() == [0, 1, 2]


def test_paths_may_be_bytes_or_path_objects(tmp_path):
    write("é")
    assert gfile.Exists("é".encode()) and gfile.Exists(tmp_path / "é")
    assert gfile.GFile(tmp_path / "é").read() == "text"


# The functions.


def make_tree():
    for folder in ["d/e/f", "d/g"]:
        os.makedirs(folder)
    for path in ["d/x.txt", "d/e/y.txt", "d/e/z.py", "d/.hidden"]:
        write(path)


FAILURES = [
    (lambda: file_io.delete_file("no"), errors.NotFoundError, "no; No such file or directory"),
    (lambda: file_io.delete_file("d"), errors.FailedPreconditionError, "d; Is a directory"),
    (lambda: file_io.delete_recursively("no"), errors.NotFoundError, "no not found"),
    (lambda: file_io.delete_recursively("d/x.txt"), errors.FailedPreconditionError, "d/x.txt; Not a directory"),
    (lambda: file_io.create_dir("no/a"), errors.NotFoundError, "no/a; No such file or directory"),
    (lambda: file_io.create_dir("d/x.txt/a"), errors.FailedPreconditionError, "d/x.txt/a; Not a directory"),
    (lambda: file_io.recursive_create_dir("d/x.txt/a/b"), errors.FailedPreconditionError, "d/x.txt/a; Not a directory"),
    (lambda: file_io.list_directory("no"), errors.NotFoundError, "Could not find directory no"),
    (lambda: file_io.list_directory("d/x.txt"), errors.NotFoundError, "Could not find directory d/x.txt"),
    (lambda: file_io.stat("no"), errors.NotFoundError, "no; No such file or directory"),
    (lambda: file_io.stat("d/x.txt/a"), errors.FailedPreconditionError, "d/x.txt/a; Not a directory"),
    (lambda: file_io.rename("no", "new"), errors.NotFoundError, "no; No such file or directory"),
    (lambda: file_io.rename("d/x.txt", "d/e"), errors.AlreadyExistsError, "file already exists"),
    (lambda: file_io.rename("d/x.txt", "d/e", True), errors.FailedPreconditionError, "d/x.txt; Is a directory"),
    (lambda: file_io.rename("d/g", "d/e", True), errors.FailedPreconditionError, "d/g; Directory not empty"),
    (lambda: file_io.copy("no", "new"), errors.NotFoundError, "no; No such file or directory"),
    (lambda: file_io.copy("d/x.txt", "d/e/y.txt"), errors.AlreadyExistsError, "file already exists"),
    (lambda: file_io.copy("d/x.txt", "no/new"), errors.NotFoundError, "no/new; No such file or directory"),
    (lambda: file_io.copy("d/x.txt", "d/e", True), errors.FailedPreconditionError, "d/e; Is a directory"),
    (lambda: file_io.copy("d", "new"), errors.InvalidArgumentError, "new; Invalid argument"),
    (lambda: gfile.GFile("d").read(), errors.FailedPreconditionError, "d; Is a directory"),
    (lambda: gfile.GFile("no/new", "w").write(""), errors.NotFoundError, "no/new; No such file or directory"),
    (lambda: gfile.Glob("no/*"), errors.NotFoundError, "no; No such file or directory"),
    (lambda: gfile.Glob("d/x.txt/*"), errors.FailedPreconditionError, "d/x.txt; Not a directory"),
]


@pytest.mark.parametrize("act, error, words", FAILURES)
def test_failure(act, error, words):
    make_tree()
    with pytest.raises(error) as caught:
        act()
    assert caught.value.message == words


def test_existence():
    make_tree()
    assert [gfile.Exists(path) for path in ["d", "d/", "d/x.txt", "d/no", "d/x.txt/a", ""]] == [True] * 3 + [False] * 3
    assert [gfile.IsDirectory(path) for path in ["d", "d/", "d/x.txt", "no"]] == [True, True, False, False]


def test_directories_are_made_and_removed():
    gfile.MakeDirs("a/b/c/")
    gfile.MakeDirs("a/b")
    gfile.MkDir("a/d")
    gfile.MkDir("a/d")
    gfile.MakeDirs("")
    assert gfile.ListDirectory("a") == ["b", "d"]
    gfile.DeleteRecursively("a")
    assert not gfile.Exists("a")


def test_deleting_does_not_follow_links(tmp_path):
    make_tree()
    os.symlink(tmp_path / "d/e", "d/g/link")
    gfile.DeleteRecursively("d/g")
    assert gfile.Exists("d/e/y.txt")


def test_copy_and_rename():
    write("a", "one")
    gfile.Copy("a", "b")
    gfile.Rename("b", "c")
    assert gfile.ListDirectory(".") == ["a", "c"]
    write("b", "two")
    gfile.Copy("b", "a", overwrite=True)
    gfile.Rename("a", "c", overwrite=True)
    assert gfile.ListDirectory(".") == ["b", "c"] and gfile.GFile("c").read() == "two"


def test_copy_onto_itself_keeps_the_content():
    write("a", "one")
    gfile.Copy("a", "./a", overwrite=True)
    assert gfile.GFile("a").read() == "one"


def test_stat():
    write("f", "abc")
    status = gfile.Stat("f")
    assert (status.length, status.is_directory) == (3, False)
    assert status.mtime_nsec == int(os.stat("f").st_mtime) * 10**9
    assert gfile.Stat(".").is_directory


@pytest.mark.parametrize(
    "pattern, expected",
    [
        ("d/*", ["d/.hidden", "d/e", "d/g", "d/x.txt"]),
        ("d/?", ["d/e", "d/g"]),
        ("d/[e-f]", ["d/e"]),
        ("d/[!e]", ["d/g"]),
        ("d/[^e]", ["d/g"]),
        ("d/*/*.txt", ["d/e/y.txt"]),
        ("d/e/y.txt", ["d/e/y.txt"]),
        ("*", ["./d"]),
        ("*/e", ["./d/e"]),
        ("d/e/\\y.txt", ["d/e/y.txt"]),
        ("nothing", []),
        ("", []),
        (["d/g", "d/e/*.py"], ["d/g", "d/e/z.py"]),
        ((), []),
    ],
)
def test_glob(pattern, expected):
    make_tree()
    assert gfile.Glob(pattern) == gfile.glob(pattern) == expected


def test_glob_takes_stars_and_brackets_in_names_literally_when_escaped():
    for name in ["a*b", "axb", "[c]"]:
        write(name)
    assert gfile.Glob("a\\*b") == ["./a*b"] and gfile.Glob("\\[c]") == ["./[c]"] and gfile.Glob("[[]c]") == ["./[c]"]


def test_walk():
    make_tree()
    top = ("d", ["e", "g"], [".hidden", "x.txt"])
    below = [("d/e", ["f"], ["y.txt", "z.py"]), ("d/e/f", [], []), ("d/g", [], [])]
    assert list(gfile.Walk("d")) == list(gfile.walk("d")) == [top, *below]
    assert list(gfile.Walk("d", in_order=False)) == [below[1], below[0], below[2], top]


def test_walk_passes_over_what_is_not_there():
    told = []
    assert list(gfile.walk("no", onerror=told.append)) == list(gfile.Walk("no")) == []
    assert [error.message for error in told] == ["Could not find directory no"]


def test_whole_files():
    file_io.write_string_to_file("f", "é")
    assert file_io.read_file_to_string("f") == "é"
    assert file_io.read_file_to_string("f", binary_mode=True) == "é".encode()


def test_atomic_write_leaves_the_old_content_or_the_new():
    file_io.atomic_write_string_to_file("f", "old", overwrite=False)
    with pytest.raises(errors.AlreadyExistsError):
        file_io.atomic_write_string_to_file("f", "new", overwrite=False)
    assert file_io.list_directory(".") == ["f"] and file_io.read_file_to_string("f") == "old"
    file_io.atomic_write_string_to_file("f", "new")
    assert file_io.list_directory(".") == ["f"] and file_io.read_file_to_string("f") == "new"


def test_checksums():
    write("a", "testing\n\na")
    write("b", "testing\n\nb")
    write("c", "testing\n\nb")
    assert file_io.filecmp("b", "c") and not file_io.filecmp("a", "b") and not file_io.filecmp("a", write("d", ""))
    assert file_io.file_crc32(write("e", "123456789")) == "0xcbf43926"
    assert file_io.file_crc32("a", block_size=3) == file_io.file_crc32("a", block_size=-1) == file_io.file_crc32("a")


def test_io_gfile_has_the_names_of_tf_2():
    gfile.makedirs("a/b")
    gfile.mkdir("a/c")
    write("a/f")
    gfile.copy(src="a/f", dst="a/g")
    gfile.rename(src="a/g", dst="a/h")
    assert gfile.listdir("a") == ["b", "c", "f", "h"]
    gfile.remove(path="a/h")
    assert gfile.isdir("a/b") and gfile.exists("a/f") and gfile.stat("a/f").length == 4
    gfile.rmtree("a")
    assert not gfile.exists("a")
