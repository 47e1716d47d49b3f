import warnings
from types import SimpleNamespace
from typing import Any

from dasbus.loop import EventLoop
from dasbus.server.interface import dbus_interface
from dasbus.server.property import emits_properties_changed
from dasbus.server.template import InterfaceTemplate
from dasbus.typing import Bool, List, ObjPath, Str, Structure, get_variant
from pyanaconda.core.kickstart import Handler, Parser
from pyanaconda.core.signal import Signal
from pyanaconda.modules.common.containers import TaskContainer
from pyanaconda.modules.common.structures.requirement import Requirement
from pykickstart.errors import KickstartError, KickstartParseWarning


class KickstartService:
    def __init__(self):
        self.module_properties_changed = Signal()
        self.kickstarted = False

    @property
    def kickstart_specification(self) -> Any:
        raise NotImplementedError

    def publish(self):
        raise NotImplementedError

    def process_kickstart(self, data):
        raise NotImplementedError

    def setup_kickstart(self, data):
        raise NotImplementedError

    def run(self):
        self.publish()
        EventLoop().run()

    def read_kickstart(self, text):
        report = SimpleNamespace(error_messages=[], warning_messages=[])
        caught = []
        handler = Handler(self.kickstart_specification)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", KickstartParseWarning)
                Parser(handler).readKickstartFromString(text)
                self.process_kickstart(handler)
        except KickstartError as error:
            report.error_messages.append(SimpleNamespace(message=error.message, line_number=error.lineno or 0))
        else:
            self.kickstarted = True
        for warning in caught:
            if issubclass(warning.category, KickstartParseWarning):
                report.warning_messages.append(SimpleNamespace(message=str(warning.message), line_number=0))
        return report

    def generate_kickstart(self):
        handler = Handler(self.kickstart_specification)
        self.setup_kickstart(handler)
        return str(handler)

    def collect_requirements(self):
        return []


def messages(found):
    return get_variant(
        List[Structure],
        [
            {
                "module-name": get_variant(Str, ""),
                "file-name": get_variant(Str, ""),
                "line-number": get_variant("u", message.line_number),
                "message": get_variant(Str, message.message),
            }
            for message in found
        ],
    )


@dbus_interface("org.fedoraproject.Anaconda.Modules.Kickstart")
class KickstartModuleInterface(InterfaceTemplate):
    def connect_signals(self):
        super().connect_signals()
        self.implementation.module_properties_changed.connect(self.flush_changes)

    @property
    def KickstartAddons(self) -> List[Str]:
        return list(self.implementation.kickstart_specification.addons)

    @property
    def Kickstarted(self) -> Bool:
        return self.implementation.kickstarted

    def Ping(self):
        pass

    @emits_properties_changed
    def ReadKickstart(self, kickstart: Str) -> Structure:
        report = self.implementation.read_kickstart(kickstart)
        return {
            "error-messages": messages(report.error_messages),
            "warning-messages": messages(report.warning_messages),
        }

    def GenerateKickstart(self) -> Str:
        return self.implementation.generate_kickstart()

    def CollectRequirements(self) -> List[Structure]:
        return Requirement.to_structure_list(self.implementation.collect_requirements())

    def ConfigureWithTasks(self) -> List[ObjPath]:
        return TaskContainer.to_object_path_list(self.implementation.configure_with_tasks())

    def InstallWithTasks(self) -> List[ObjPath]:
        return TaskContainer.to_object_path_list(self.implementation.install_with_tasks())
