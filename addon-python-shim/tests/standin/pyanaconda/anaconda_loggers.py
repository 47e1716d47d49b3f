import logging


def get_module_logger(name):
    return logging.getLogger(name)
