ADDONS_NAMESPACE = ("org", "fedoraproject", "Anaconda", "Addons")
