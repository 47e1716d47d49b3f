//! Facts of the machine it runs on: memory, disks, partition tables, signatures. Opens devices read-only.
