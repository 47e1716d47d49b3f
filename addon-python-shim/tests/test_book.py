"""What the book shows of the console is what the add-on says today."""

import re
from pathlib import Path

from conftest import GOOD, REPOSITORY, SECTION, Direct, StartDirect
from org_ovirt_node.service.checks import syntax_version
from test_wrong_kickstarts import add_on, installed


def shown(first_line: str) -> str:
    """The example of the page on Anaconda that begins with this line."""
    # Every block, whatever its language: the end of one is not taken for the beginning of the next.
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```$", (REPOSITORY / "docs" / "anaconda.md").read_text(), re.S | re.M)
    found = [block for block in blocks if block.startswith(first_line)]
    assert len(found) == 1, "the page has {} examples that begin with '{}'".format(len(found), first_line)
    return found[0]


def test_a_kickstart_with_two_volumes_that_are_too_small(direct: Direct) -> None:
    text = GOOD.replace("/boot --fstype=ext4 --size=1024", "/boot --fstype=ext4 --size=500")
    errors, _ = direct.read(text.replace("--size=5120", "--size=2048") + SECTION)
    # The page shows RHEL 9, a source tree may be of another release.
    said = errors[0].replace(", {}):".format(syntax_version()), ", RHEL9):")
    # Around it: what Anaconda itself prints (pyanaconda/kickstart.py of 33.16 to 45.21).
    expected = "An error occurred during reading the kickstart file:\n{}\n\nThe installer will now terminate.\n"
    assert shown("An error occurred during reading") == expected.format(said)


def test_a_disk_that_is_too_small(start_direct: StartDirect, tmp_path: Path) -> None:
    direct, _ = add_on(start_direct, tmp_path, 20)
    _, failure = installed(direct, GOOD + SECTION)
    expected = "An error occurred while activating your storage configuration.\n\n{}\n"
    assert shown("An error occurred while activating") == expected.format(failure)
