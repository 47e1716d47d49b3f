"""The service: holds the section, has it and the kickstart checked, and hands out the tasks."""

import os
import shlex
import tempfile
import warnings
from typing import Any, List, Optional, Type

from pyanaconda.anaconda_loggers import get_module_logger
from pyanaconda.core.configuration.anaconda import conf
from pyanaconda.core.dbus import DBus
from pyanaconda.core.signal import Signal
from pyanaconda.modules.common.base import KickstartService
from pyanaconda.modules.common.containers import TaskContainer
from pyanaconda.modules.common.errors.general import InvalidValueError
from pyanaconda.modules.common.structures.requirement import Requirement
from pykickstart.errors import KickstartParseError, KickstartParseWarning

from org_ovirt_node.constants import ADDON_NAME, OVIRT_NODE
from org_ovirt_node.service import checks
from org_ovirt_node.service.installation import CheckDisksTask, InitializeLayoutTask
from org_ovirt_node.service.kickstart import OvirtNodeData, OvirtNodeKickstartSpecification
from org_ovirt_node.service.ovirt_node_interface import OvirtNodeInterface
from org_ovirt_node.service.programs import ProgramError

log = get_module_logger(__name__)

# What node-layout calls in the installed system, now and at every upgrade. Images bring it along; an
# installation from packages may not.
REQUIRED_PACKAGES = [
    ("lvm2", "Base and layers of oVirt Node are LVM volumes."),
    ("device-mapper-persistent-data", "The thin pool of oVirt Node is checked when it is activated."),
    ("dracut", "Each image of oVirt Node has an initramfs of its own."),
    ("grub2-tools-minimal", "oVirt Node keeps track of the entry to boot."),
]

INIT = "init"
SKIP = "skip"


class OvirtNode(KickstartService):
    """The add-on org_ovirt_node."""

    def __init__(self) -> None:
        super().__init__()
        self._data = OvirtNodeData()
        self._policy = ""
        self._enforce = "error"
        self._nvr = ""
        self._layout = SKIP
        self._keep_images = 0
        self.policy_changed = Signal()
        self.enforce_changed = Signal()
        self.nvr_changed = Signal()
        self.layout_changed = Signal()
        self.keep_images_changed = Signal()

    def publish(self) -> None:
        """Put the service on the bus."""
        TaskContainer.set_namespace(OVIRT_NODE.namespace)
        DBus.publish_object(OVIRT_NODE.object_path, OvirtNodeInterface(self))
        DBus.register_service(OVIRT_NODE.service_name)

    @property
    def kickstart_specification(self) -> Type[OvirtNodeKickstartSpecification]:
        """Which section is ours."""
        return OvirtNodeKickstartSpecification

    # The section as a kickstart has it.

    def process_kickstart(self, data: Any) -> None:
        """Take the section and have it and the whole kickstart checked.

        :raise KickstartParseError: if the installation must not go on
        """
        section = getattr(data.addons, ADDON_NAME)
        if not section.seen:
            self._data = section
            return
        line = section.header_line
        if section.is_too_large:
            raise KickstartParseError("The section %addon {} is too large.".format(ADDON_NAME), lineno=line)
        kickstart = checks.KICKSTART
        answer = self._ask(kickstart, line)
        if not answer.present:
            raise KickstartParseError(
                "{} does not have the section %addon {} that the installer read from the kickstart; it cannot be "
                "checked.".format(kickstart, ADDON_NAME),
                lineno=line,
            )
        self._data = section
        self._take(answer)
        if answer.enforce != "off":
            self._check(kickstart, answer, line)

    def setup_kickstart(self, data: Any) -> None:
        """Give the section back."""
        setattr_from(getattr(data.addons, ADDON_NAME), self._data)

    def _ask(self, kickstart: str, line: int) -> checks.Answer:
        try:
            answer, report = checks.ask(kickstart)
        except ProgramError as error:
            raise KickstartParseError(
                "The section %addon {} could not be read: {}".format(ADDON_NAME, error), lineno=line
            ) from error
        if answer is None:
            headline = "The section %addon {} or its kernel arguments cannot be used:".format(ADDON_NAME)
            raise KickstartParseError(checks.summary(headline, report.errors), lineno=line)
        return answer

    def _check(self, kickstart: str, answer: checks.Answer, line: int) -> None:
        try:
            report = checks.check(kickstart, answer.policy)
        except ProgramError as error:
            report = checks.Report()
            report.errors.append("the kickstart could not be checked: {}".format(error))
        for sentence in report.errors + report.warnings:
            log.warning("%s", sentence)
        if answer.enforce == "warn":
            return
        if report.errors:
            headline = "This kickstart does not install an oVirt Node (policy {}, {}):"
            raise KickstartParseError(
                checks.summary(headline.format(answer.policy, checks.syntax_version()), report.errors), lineno=line
            )
        for sentence in report.warnings:
            warnings.warn(sentence, KickstartParseWarning, stacklevel=2)

    def _take(self, answer: checks.Answer) -> None:
        """Set the properties; whoever watches them is told of what changed."""
        for name in ("policy", "enforce", "nvr", "layout", "keep_images"):
            if getattr(self, "_" + name) != getattr(answer, name):
                setattr(self, "_" + name, getattr(answer, name))
                getattr(self, name + "_changed").emit()

    # The section as a user interface sets it.

    @property
    def policy(self) -> str:
        """Name of the policy; empty without a section."""
        return self._policy

    @property
    def enforce(self) -> str:
        """What happens with findings: error, warn or off."""
        return self._enforce

    @property
    def nvr(self) -> str:
        """Name of the installed image; empty: the image says it."""
        return self._nvr

    @property
    def layout(self) -> str:
        """Whether the layout is initialised after the installation: init or skip."""
        return self._layout

    @property
    def keep_images(self) -> int:
        """Images that must fit; 0: the policy does not say."""
        return self._keep_images

    def set_policy(self, policy: str) -> None:
        """Name another policy."""
        self._change(header=("--policy", policy))

    def set_enforce(self, enforce: str) -> None:
        """Say what happens with findings."""
        self._change(header=("--enforce", enforce))

    def set_nvr(self, nvr: str) -> None:
        """Name the installed image."""
        self._change(header=("--nvr", nvr))

    def set_layout(self, layout: str) -> None:
        """Say whether the layout is initialised."""
        options = {INIT: "--init", SKIP: "--no-init"}
        if layout not in options:
            raise InvalidValueError("The layout is '{}' or '{}'.".format(INIT, SKIP))
        self._change(line=("layout", options[layout]))

    def set_keep_images(self, images: int) -> None:
        """Say how many images must fit."""
        self._change(line=("keep-images", str(images) if images else ""))

    def _change(self, header: "Optional[tuple[str, str]]" = None, line: "Optional[tuple[str, str]]" = None) -> None:
        """Change one thing in the section's text and take what ks-lint says that it comes to.

        :raise InvalidValueError: if the section cannot be used with that change; nothing is changed then
        """
        changed = OvirtNodeData()
        setattr_from(changed, self._data)
        changed.seen = True
        if header:
            name, value = header
            changed.header = without_option(changed.header, name) + ([name + "=" + value] if value else [])
        if line:
            keyword, value = line
            changed.lines = [old for old in changed.lines if first_word(old) != keyword]
            changed.lines += [keyword + " " + value] if value else []
        text = str(changed)
        # A line of its own is what a value with a line end in it would become.
        if any(ord(c) < 32 for c in "".join(changed.header + changed.lines) if c != "\t"):
            raise InvalidValueError("A control character cannot stand in the section %addon {}.".format(ADDON_NAME))
        with tempfile.NamedTemporaryFile("w", suffix=".ks", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            try:
                answer, report = checks.ask(file.name)
            except ProgramError as error:
                raise InvalidValueError(str(error)) from error
        if answer is None:
            raise InvalidValueError("\n".join(report.errors))
        self._data = changed
        self._take(answer)
        self.module_properties_changed.emit()

    # What Anaconda asks for.

    def collect_requirements(self) -> List[Requirement]:
        """Packages that the installed system needs for its layout."""
        if self._layout == SKIP:
            return []
        return [Requirement.for_package(name, reason=reason) for name, reason in REQUIRED_PACKAGES]

    def configure_with_tasks(self) -> List[Any]:
        """What runs before partitioning: by now all disks are attached."""
        kickstart = self._kickstart_for_disks()
        if kickstart is None:
            return []
        return [CheckDisksTask(kickstart, self._policy, self._enforce, self._keep_images)]

    def install_with_tasks(self) -> List[Any]:
        """What runs after the payload and the boot loader, before initramfs and %post."""
        if not self._data.seen or self._layout == SKIP:
            return []
        return [InitializeLayoutTask(conf.target.system_root, self._policy, self._nvr, self._keep_images)]

    def _kickstart_for_disks(self) -> Optional[str]:
        """The kickstart to plan with; nothing when there is nothing to check."""
        if not self._data.seen or self._enforce == "off":
            return None
        kickstart = checks.KICKSTART
        if not self.kickstarted and not os.path.exists(kickstart):
            log.info("No kickstart: partitioning is chosen interactively and checked by Anaconda's own constraints.")
            return None
        return kickstart


def setattr_from(target: OvirtNodeData, source: OvirtNodeData) -> None:
    """Make one section a copy of another."""
    target.seen = source.seen
    target.header_line = source.header_line
    target.header = list(source.header)
    target.lines = list(source.lines)
    target.size = source.size


def without_option(words: List[str], name: str) -> List[str]:
    """The words of a header without an option and its value."""
    kept = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word == name:
            skip = True
        elif not word.startswith(name + "="):
            kept.append(word)
    return kept


def first_word(line: str) -> str:
    """The word that says what kind of line this is."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        words = line.split()
    return words[0] if words else ""
