"""What goes wrong in the operating system, as the exceptions of tf.errors."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any

from pyflow.core import errors

_ERRORS = {
    errors.NotFoundError: "ENOENT ENODEV ENXIO ESRCH",
    errors.AlreadyExistsError: "EEXIST EADDRNOTAVAIL EALREADY",
    errors.PermissionDeniedError: "EPERM EACCES EROFS",
    errors.FailedPreconditionError: "ENOTEMPTY EISDIR ENOTDIR EBADF EBUSY EPIPE ETXTBSY",
    errors.InvalidArgumentError: "EINVAL ENAMETOOLONG E2BIG EFAULT EILSEQ ENOTTY ESPIPE",
    errors.ResourceExhaustedError: "ENOSPC EDQUOT EMFILE EMLINK ENFILE ENOBUFS ENODATA ENOMEM",
    errors.OutOfRangeError: "EFBIG EOVERFLOW ERANGE",
    errors.UnimplementedError: "ENOSYS ENOTSUP EXDEV",
    errors.UnavailableError: "EAGAIN EINTR ENOLCK ENOLINK",
    errors.DeadlineExceededError: "ETIMEDOUT ETIME",
    errors.AbortedError: "EDEADLK ESTALE",
    errors.CancelledError: "ECANCELED",
}
_ERROR_OF_ERRNO = {
    getattr(errno, name): error for error, names in _ERRORS.items() for name in names.split() if hasattr(errno, name)
}


@contextlib.contextmanager
def errors_about(path: Any) -> Iterator[None]:
    """Turns an OSError into the tf.errors exception for it, in TensorFlow's words: `<path>; <reason>`."""
    try:
        yield
    except OSError as error:
        kind = _ERROR_OF_ERRNO.get(error.errno or 0, errors.UnknownError)
        shown = path.decode(errors="replace") if isinstance(path, bytes) else os.fspath(path)
        raise kind(None, None, f"{shown}; {error.strerror or error}") from error
