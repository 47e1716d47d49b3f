//! What a kickstart asks for (`model`), what Anaconda makes of it on given disks (`plan`), how many images fit (`capacity`).
