"""Line endings of the files of a clone, which do not depend on the configuration of git."""

import shutil
import subprocess

import pytest

from app.core.migrations import ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="needs a git clone"
)

SYMBOLIC_LINK = "i/"
LINE_FEEDS = {("i/lf", "eol=lf"), ("i/none", "eol=lf")}


def test_each_text_file_is_checked_out_with_line_feeds() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--eol", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )

    wrong = []
    for line in listed.stdout.split("\0")[:-1]:
        columns, path = line.split("\t")
        content, _, *attributes = columns.split()
        if content == "i/-text":
            if attributes != ["attr/-text"]:
                wrong.append(path)
        elif content != SYMBOLIC_LINK and (content, attributes[-1]) not in LINE_FEEDS:
            wrong.append(path)
    assert wrong == []
