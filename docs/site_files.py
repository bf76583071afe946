"""MkDocs hook: pages may link to files of the repository that lie outside `docs/`, and the links work on the site, too.

In the repository a page reaches such a file by a relative link (`../published/imdb/report.md`). MkDocs knows only the
files of `docs/`, so this hook adds the others to the site under their path in the repository, and takes from each link
the `../` that leads out of `docs/`. A link to any other file outside `docs/` stays a warning, which `--strict` refuses.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
LINKED = (
    "published/**/*.md",
    "published/**/*.csv",
    "published/**/*.toml",
    "published/**/*.svg",
    "published/gpu/*",
    "examples/*.py",
    "notebooks/*.ipynb",
    "PERFORMANCE.md",
)
"""Files outside `docs/` that pages may link to, as globs from the repository's root."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the linked files to the site."""
    for path in sorted({path for pattern in LINKED for path in ROOT.glob(pattern) if path.is_file()}):
        files.append(File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links that are right in the repository into links that are right on the site."""
    name = page.file.src_uri
    if not (Path(config.docs_dir) / name).is_file():  # a page of the root: what it links to under docs/ is the site's
        return re.sub(r"\]\(((?:\.\./)*)docs/", r"](\1", markdown)
    depth = name.count("/")
    return re.sub(rf"\]\((?:\.\./){{{depth + 1}}}", "](" + "../" * depth, markdown)
