from types import SimpleNamespace

from pykickstart.ko import KickstartObject
from pykickstart.sections import Section


class AddonData(KickstartObject):
    def handle_header(self, args, line_number=None):
        raise NotImplementedError

    def handle_line(self, line, line_number=None):
        raise NotImplementedError

    def handle_end(self):
        pass


class AddonRegistry(SimpleNamespace):
    pass


class AddonSection(Section):
    sectionOpen = "%addon"

    def handleHeader(self, lineno, args):
        super().handleHeader(lineno, args)
        self.data = getattr(self.handler.addons, args[1])
        self.number = lineno
        self.data.handle_header(args[2:], self.number)

    def handleLine(self, line):
        # As in Anaconda, comments and empty lines are not handed on, so this is not the number in the file.
        self.number += 1
        self.data.handle_line(line, self.number)

    def finalize(self):
        super().finalize()
        self.data.handle_end()
