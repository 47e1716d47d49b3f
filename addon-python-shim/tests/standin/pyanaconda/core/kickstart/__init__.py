from typing import Any, Dict

from pyanaconda.core.kickstart.addon import AddonRegistry, AddonSection
from pyanaconda.core.kickstart.version import VERSION
from pykickstart.base import KickstartHandler
from pykickstart.parser import KickstartParser


class KickstartSpecification:
    version = VERSION
    addons: Dict[str, Any] = {}


class Handler(KickstartHandler):
    def __init__(self, specification):
        super().__init__()
        self.version = specification.version
        self.addons = AddonRegistry()
        for name, kind in specification.addons.items():
            setattr(self.addons, name, kind())

    def __str__(self):
        return "".join(str(data) for data in vars(self.addons).values())


class Parser(KickstartParser):
    def __init__(self, handler):
        super().__init__(handler)
        self.registerSection(AddonSection(handler))

    def setupSections(self):
        pass
