"""Small stand-ins for the parts of Anaconda that the add-on uses. With ANACONDA_TREE the tests take the real ones."""
