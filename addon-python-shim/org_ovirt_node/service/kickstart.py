"""The ``%addon org_ovirt_node`` section as text. What it means is asked of ``ks-lint addon``."""

import shlex
from typing import List, Optional

from pyanaconda.core.kickstart import KickstartSpecification
from pyanaconda.core.kickstart.addon import AddonData

from org_ovirt_node.constants import ADDON_NAME

# The section travels over the message bus as one string; nobody writes a section as large as this.
LARGEST_SECTION = 1024 * 1024


class OvirtNodeData(AddonData):
    """Header and lines of the section, as given."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = False
        self.header_line = 0
        self.header = []  # type: List[str]
        self.lines = []  # type: List[str]
        self.size = 0

    def handle_header(self, args: List[str], line_number: Optional[int] = None) -> None:
        """Keep the words behind the name. A second section is kept, too: ks-lint says what is wrong with it."""
        if not self.seen:
            self.header_line = line_number or 0
        self.seen = True
        self.header.extend(args)
        self.size += sum(map(len, args))

    def handle_line(self, line: str, line_number: Optional[int] = None) -> None:
        """Keep a line."""
        self.size += len(line)
        if not self.is_too_large:
            self.lines.append(line.rstrip("\r\n"))

    @property
    def is_too_large(self) -> bool:
        """Whether this is more than anybody writes."""
        return self.size > LARGEST_SECTION

    def __str__(self) -> str:
        if not self.seen:
            return ""
        header = " ".join(["%addon", ADDON_NAME] + [quoted(word) for word in self.header])
        return "\n".join([header, *self.lines, "%end", ""])


def quoted(word: str) -> str:
    """A word as the header needs it: in quotes only where something else would be read without them."""
    return word if word and shlex.split(word, comments=True) == [word] else shlex.quote(word)


class OvirtNodeKickstartSpecification(KickstartSpecification):
    """Tells Anaconda which section belongs to this add-on."""

    addons = {ADDON_NAME: OvirtNodeData}
