//! Kernel command lines and the boot configurations that carry them.
