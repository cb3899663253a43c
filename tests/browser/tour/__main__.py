"""Takes the screenshots of docs/tour/ anew: `make tour`, or some: `python -m tests.browser.tour -k leaderboard`.

Real pages of a real web process over rows that are made here, a file for each group of pages. They are no tests and are
not collected as such; they stand on the same fixtures. What is said and counted is always the same, so a picture that
differs shows a page that differs (or another day in a date).
"""

import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    here = str(Path(__file__).parent)
    sys.exit(pytest.main(["-q", "-rs", "-o", "python_files=*.py", here, *sys.argv[1:]]))
