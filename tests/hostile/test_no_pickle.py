"""Nothing in the packages can be talked into running code: no pickle, no eval, no shell, no unpacking of archives."""

import ast

import pytest

from benchmarks.hardware.origin import CHECKOUT, PACKAGES

MODULES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "shelve", "marshal"}
BUILT_IN = {"eval", "exec", "compile", "__import__", "input"}
ATTRIBUTES = {
    "joblib.load", "joblib.dump", "torch.load", "torch.save", "torch.jit.load", "torch.hub.load",
    "os.system", "os.popen", "os.execv", "pty.spawn",
    "shutil.unpack_archive", "yaml.load", "yaml.unsafe_load", "importlib.reload",
}  # fmt: skip
METHODS = {"read_pickle", "to_pickle", "extractall", "unpack_archive", "from_pickle", "read_hdf"}
WORDS = {"allow_pickle": False, "trust_remote_code": False, "shell": False}
"""Keyword -> the one constant that it may have."""


def dotted(node):
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def findings(source):
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name.partition(".")[0] in MODULES)
            case ast.ImportFrom(module=module, names=names) if module:
                if module.partition(".")[0] in MODULES:
                    yield module
                yield from (n for alias in names if (n := f"{module}.{alias.name}") in ATTRIBUTES)
            case ast.Call(func=ast.Name(id=name)) if name in BUILT_IN:
                yield name
            case ast.Attribute(attr=name) if name in METHODS or dotted(node) in ATTRIBUTES:
                yield dotted(node)
            case ast.keyword(arg=name, value=value) if name in WORDS:
                if not isinstance(value, ast.Constant) or value.value is not WORDS[name]:
                    yield f"{name}={ast.unparse(value)}"
            case ast.Call(func=function, keywords=keywords) if dotted(function) in {"skops.io.load", "sio.load"}:
                if "trusted" not in {keyword.arg for keyword in keywords}:
                    yield "skops.io.load without a list of trusted types"


SOURCES = sorted(path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_nothing_runs_what_it_reads(path):
    assert list(findings(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "import cloudpickle as c",
        "torch.load(path)",
        "from torch import load",
        "numpy.load(path, allow_pickle=True)",
        "frame.to_pickle(path)",
        "eval(text)",
        "__import__(name)",
        "subprocess.run(command, shell=True)",
        "AutoModel.from_pretrained(name, trust_remote_code=trusted)",
        "archive.extractall(folder)",
        "skops.io.load(path)",
    ],
)
def test_a_planted_one_is_found(line):
    assert list(findings(line))


def test_the_list_of_trusted_types_is_empty():
    from models.tfidf_logreg import TRUSTED_TYPES

    assert TRUSTED_TYPES == []
