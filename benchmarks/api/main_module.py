"""Worker processes that leave the caller's script alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def main_module_hidden() -> Iterator[None]:
    """Keep worker processes that start in this block from importing the caller's script.

    multiprocessing imports the main module again in each worker, which starts the run again unless the script guards
    it with `if __name__ == "__main__":`. The workers here need nothing of it.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
