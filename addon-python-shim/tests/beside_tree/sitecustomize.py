"""Lets a real Anaconda source tree be imported where Anaconda is not installed.

Only what the add-on never uses is made up: blivet (Anaconda imports it for its configuration of the storage) and the
locale of the installation image.
"""

import importlib.abc
import importlib.machinery
import locale
import sys
from types import ModuleType

MADE_UP = ("blivet", "parted", "pyudev", "requests", "requests_file", "requests_ftp", "simpleline", "systemd")


def keep(self, *arguments, **options):
    """An object that knows what it was made of: a size its text."""
    self.made_of = arguments


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        # Anaconda brings its own list of device types where blivet is too old to have one.
        if name.split(".")[0] in MADE_UP and not name.endswith(".DeviceTypes"):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        class Module(ModuleType):
            def __getattr__(self, attribute):
                # Classes are derived from; everything else only has to be there and is a module below this one.
                if attribute[0].isupper() and attribute != "DeviceTypes":
                    return type(attribute, (), {"__init__": keep})
                raise AttributeError(attribute)

        return Module(spec.name)

    def exec_module(self, module):
        module.__path__ = []


sys.meta_path.append(Finder())

real_setlocale = locale.setlocale


def setlocale(category, value=None):
    try:
        return real_setlocale(category, value)
    except locale.Error:
        return real_setlocale(category, "C.UTF-8")


locale.setlocale = setlocale
