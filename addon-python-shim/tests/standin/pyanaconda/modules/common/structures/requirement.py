from dasbus.typing import Str, get_variant


class Requirement:
    def __init__(self, **values):
        self._values = values

    @classmethod
    def for_package(cls, package_name, reason=""):
        return cls(type="package", name=package_name, reason=reason)

    @staticmethod
    def to_structure_list(requirements):
        return [{name: get_variant(Str, value) for name, value in r._values.items()} for r in requirements]
