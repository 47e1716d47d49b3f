"""The tasks that Anaconda runs: one before partitioning, one after the payload."""

from typing import Any, Dict, List

from pyanaconda.anaconda_loggers import get_module_logger
from pyanaconda.modules.common.errors.installation import StorageInstallationError
from pyanaconda.modules.common.task import Task

from org_ovirt_node.service import checks, programs
from org_ovirt_node.service.programs import ProgramError, harmless, json_object, run

log = get_module_logger(__name__)

# Copies no image and no file system, but runs LVM, grub2-mkconfig and dracut on slow disks.
SECONDS_TO_INITIALISE = 30 * 60


class CheckDisksTask(Task):
    """What the kickstart comes to on the disks of this machine. Nothing is written to any of them."""

    def __init__(self, kickstart: str, policy: str, enforce: str, keep_images: int):
        super().__init__()
        self._kickstart = kickstart
        self._policy = policy
        self._enforce = enforce
        self._keep_images = keep_images

    @property
    def name(self) -> str:
        """Name of the task."""
        return "Check the disks for oVirt Node"

    def run(self) -> None:
        """Ask ks-lint for the plan.

        :raise StorageInstallationError: if the node could not be installed on these disks
        """
        try:
            report = checks.check_disks(self._kickstart, self._policy, self._keep_images, self.check_cancel)
        except ProgramError as error:
            report = checks.Report()
            report.errors.append("the disks could not be checked: {}".format(error))
        for sentence in report.errors + report.warnings:
            log.warning("%s", sentence)
        if report.errors and self._enforce == "error":
            raise StorageInstallationError(
                checks.summary(
                    "oVirt Node cannot be installed on the disks of this machine (policy {}):".format(self._policy),
                    report.errors,
                )
                + "\nNothing was written to any disk. ovirt_node.enforce=warn on the kernel command line goes on "
                "regardless."
            )
        for sentence in report.warnings:
            self.report_progress(sentence)


class InitializeLayoutTask(Task):
    """Makes base, layer and boot entry of the installed system."""

    def __init__(self, sysroot: str, policy: str, nvr: str, keep_images: int):
        super().__init__()
        self._sysroot = sysroot
        self._policy = policy
        self._nvr = nvr
        self._keep_images = keep_images
        self._result = None  # type: Any

    @property
    def name(self) -> str:
        """Name of the task."""
        return "Initialise the layout of oVirt Node"

    def command(self) -> List[str]:
        """The program and its arguments."""
        command = [programs.NODE_LAYOUT, "init", "--sysroot=" + self._sysroot, "--format=json"]
        if self._policy:
            command.append("--policy=" + self._policy)
        if self._nvr:
            command.append("--addon-nvr=" + self._nvr)
        # At least two are kept: the running one, and one to go back to.
        if self._keep_images >= 2:
            command.append("--keep-images={}".format(self._keep_images))
        return command

    def run(self) -> None:
        """Run node-layout and report its progress.

        :raise StorageInstallationError: if there is no layout afterwards
        """
        try:
            result = run(self.command(), SECONDS_TO_INITIALISE, self._on_line, self.check_cancel)
            final = self._result
            if final is None:
                message = "{} ended with status {} and without a result{}"
                raise ProgramError(message.format(result.program, result.status, result.excerpt()))
            if result.status != 0 or final.get("result") not in ("initialised", "already-initialised"):
                raise ProgramError(_reason(final))
        except ProgramError as error:
            raise StorageInstallationError(
                "The layout of oVirt Node was not made: {}\n"
                "To look further, in a shell of the installer: {} verify --sysroot={}".format(
                    error, programs.NODE_LAYOUT, self._sysroot
                )
            ) from error
        log.info("node-layout: %s", final.get("message"))

    def _on_line(self, line: str) -> None:
        """One line of node-layout: a step, or the result."""
        event = json_object(line.encode("utf-8"))
        if event is None:
            raise ProgramError(
                "{} said what this add-on does not understand: {}".format(programs.NODE_LAYOUT, harmless(line)[:200])
            )
        log.debug("node-layout: %s", line)
        if "result" in event:
            self._result = event
        else:
            self._on_step(event)

    def _on_step(self, event: Dict[str, Any]) -> None:
        if event.get("state") == "start":
            about = harmless(str(event.get("message") or event.get("name") or ""))
            self.report_progress("{} ({}/{})".format(about, event.get("step"), event.get("of")))


def _reason(final: Dict[str, Any]) -> str:
    """Why there is no layout: what node-layout says, and what it found that it refuses."""
    lines = [harmless(str(final.get("message") or "no reason given"))]
    findings = final.get("findings")
    for finding in findings if isinstance(findings, list) else []:
        if isinstance(finding, dict) and finding.get("severity") == "error":
            line = "  * {}: {}".format(finding.get("code"), finding.get("message"))
            if finding.get("help"):
                line += "\n    {}".format(finding["help"])
            lines.append(harmless(line))
    return "\n".join(lines)
