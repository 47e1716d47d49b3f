"""What ks-lint says about section, kickstart and disks, as sentences for the person at the console."""

from typing import Any, Callable, Dict, List, Optional

from pyanaconda.core.kickstart.version import VERSION
from pykickstart.version import versionToString

from org_ovirt_node.service import programs
from org_ovirt_node.service.programs import ProgramError, Result, harmless, run

# Where Anaconda keeps the whole kickstart; an add-on is handed only its own section.
KICKSTART = "/run/install/ks.cfg"
CMDLINE = "/proc/cmdline"

# ks-lint takes milliseconds. Whoever waits for ReadKickstart on the message bus gives up after 25 seconds.
SECONDS_TO_READ = 20
# A look at the disks of a large storage network takes its time.
SECONDS_TO_PLAN = 120

# A serial console shows about this many lines; the whole list is in the log.
MOST_LISTED = 12

DONE = 0
FINDINGS = 1


class Answer:
    """What section and kernel arguments come to."""

    def __init__(self, answer: Dict[str, Any]):
        self.present = _member(answer, "present", bool)
        self.policy = _member(answer, "policy", str, optional=True) or ""
        self.enforce = _member(answer, "enforce", str)
        self.nvr = _member(answer, "nvr", str, optional=True) or ""
        self.layout = "init" if _member(answer, "init", bool) else "skip"
        self.keep_images = _member(answer, "keep_images", int, optional=True) or 0


class Report:
    """Findings, those that stop the installation apart from those that do not."""

    def __init__(self) -> None:
        self.errors = []  # type: List[str]
        self.warnings = []  # type: List[str]

    def add(self, severity: str, sentence: str) -> None:
        """Add one; remarks (info) are for the log only and are not kept."""
        if severity == "error":
            self.errors.append(sentence)
        elif severity == "warning":
            self.warnings.append(sentence)


def syntax_version() -> str:
    """The syntax of the running installer: RHEL8, RHEL9, RHEL10, F46."""
    return str(versionToString(VERSION, skipDevel=True))


def ask(kickstart: str) -> "tuple[Optional[Answer], Report]":
    """Ask what section and kernel arguments come to.

    :param kickstart: path of the kickstart
    :return: the answer, or nothing and what is wrong with the section
    :raise ProgramError: if ks-lint gives no answer
    """
    command = [programs.KS_LINT, "addon", "--kickstart=" + kickstart, "--cmdline=" + CMDLINE]
    result = run(command + _common(), SECONDS_TO_READ)
    answer = _answer(result)
    if result.status == FINDINGS:
        return None, _findings(answer, kickstart)
    return Answer(answer), Report()


def check(kickstart: str, policy: str) -> Report:
    """Check the whole kickstart.

    :raise ProgramError: if ks-lint gives no answer
    """
    command = [programs.KS_LINT, "check"] + _common() + _policy(policy) + ["--", kickstart]
    return _findings(_answer(run(command, SECONDS_TO_READ)), kickstart)


def check_disks(kickstart: str, policy: str, keep_images: int, is_cancelled: Callable[[], bool]) -> Report:
    """Check what the kickstart comes to on the disks of this machine.

    :param keep_images: how many images must fit, 0: not said
    :raise ProgramError: if ks-lint gives no answer
    """
    images = ["--images={}".format(keep_images)] if keep_images else []
    command = [programs.KS_LINT, "plan", "--host"] + images + _common() + _policy(policy) + ["--", kickstart]
    result = run(command, SECONDS_TO_PLAN, is_cancelled=is_cancelled)
    answer = _answer(result)
    verdict = answer.get("verdict")
    if verdict not in ("proceeds", "stops"):
        raise ProgramError("{} gave no verdict on the disks{}".format(result.program, result.excerpt()))
    report = Report()
    for message in _list(answer, "messages"):
        place = _place(message.get("file", kickstart), message.get("line"), kickstart)
        report.add(str(message.get("severity")), place + _sentence(message))
    if verdict == "stops" and not report.errors:
        report.errors.append("the installer would stop on these disks")
    return report


def summary(headline: str, sentences: List[str]) -> str:
    """A headline and the first sentences under it, each with its mark."""
    lines = [headline]
    lines.extend("  * " + sentence.replace("\n", "\n    ") for sentence in sentences[:MOST_LISTED])
    left_out = len(sentences) - MOST_LISTED
    if left_out > 0:
        lines.append("  and {} more; the whole list is in the log".format(left_out))
    return "\n".join(lines)


def _common() -> List[str]:
    return ["--format=json", "--syntax=" + syntax_version()]


def _policy(policy: str) -> List[str]:
    return ["--policy=" + policy] if policy else []


def _answer(result: Result) -> Dict[str, Any]:
    """The answer of a run that did its work."""
    if result.status not in (DONE, FINDINGS):
        message = "{} could not do its work (status {}){}"
        raise ProgramError(message.format(result.program, result.status, result.excerpt()))
    answer = result.json()
    if answer.get("schema") != 1:
        message = "{} answers in a format that this add-on does not know (schema {!r})"
        raise ProgramError(message.format(result.program, answer.get("schema")))
    return answer


def _findings(answer: Dict[str, Any], kickstart: str) -> Report:
    report = Report()
    files = _list(answer, "files")
    if not files:
        raise ProgramError("ks-lint gave an answer without the file that it was asked about")
    for file in files:
        for finding in _list(file, "diagnostics"):
            sentence = _span(finding.get("span"), kickstart) + _sentence(finding)
            report.add(str(finding.get("severity")), sentence)
    return report


def _sentence(finding: Dict[str, Any]) -> str:
    """Code, message and help of a finding."""
    # The plan calls its messages text, the check calls them message.
    message = finding.get("message", finding.get("text"))
    if not isinstance(message, str):
        raise ProgramError("ks-lint gave a finding without a message")
    text = harmless(message)
    if isinstance(finding.get("code"), str):
        text = "{}: {}".format(harmless(finding["code"]), text)
    if isinstance(finding.get("help"), str):
        text += "\n" + harmless(finding["help"])
    return text


def _place(file: Any, line: Any, kickstart: str) -> str:
    """Where a finding is: the line, and the file unless it is the kickstart itself; nothing if that is not known."""
    if not isinstance(file, str) or type(line) is not int:
        return ""
    if file == kickstart:
        return "line {}: ".format(line)
    return "{}, line {}: ".format(harmless(file), line)


def _span(span: Any, kickstart: str) -> str:
    """Where a span of a finding starts."""
    if not isinstance(span, dict) or not isinstance(span.get("start"), dict):
        return ""
    return _place(span.get("file"), span["start"].get("line"), kickstart)


def _list(answer: Dict[str, Any], name: str) -> List[Dict[str, Any]]:
    value = answer.get(name)
    if not isinstance(value, list) or not all(isinstance(element, dict) for element in value):
        raise ProgramError("ks-lint gave an answer that this add-on does not understand ({})".format(name))
    return value


def _member(answer: Dict[str, Any], name: str, kind: type, optional: bool = False) -> Any:
    value = answer.get(name)
    if (value is None and optional) or (type(value) is kind):
        return value
    raise ProgramError("ks-lint gave an answer that this add-on does not understand ({})".format(name))
