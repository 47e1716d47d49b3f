//! Base, layer and boot entry of an installed node: read the system, plan steps, run them, verify.
