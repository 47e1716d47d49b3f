import os

from pykickstart.version import stringToVersion

VERSION = stringToVersion(os.environ.get("STANDIN_SYNTAX", "RHEL9"))
