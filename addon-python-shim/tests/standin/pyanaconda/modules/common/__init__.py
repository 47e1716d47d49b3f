import logging
import sys


def init():
    logging.basicConfig(stream=sys.stderr, level=logging.DEBUG)
