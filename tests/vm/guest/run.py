"""Runs one suite, and shows for each failed case what its clients and its key said."""

import importlib
import pathlib
import sys
import unittest

SUITES = pathlib.Path("/share/suites")


class Result(unittest.TextTestResult):
    """The evidence of a failed case goes with its traceback."""

    def _exc_info_to_string(self, err, test):
        text = super()._exc_info_to_string(err, test)
        evidence = getattr(test, "evidence", None)
        return f"{text}\n{evidence()}" if evidence else text


def main(name):
    sys.path.insert(0, str(SUITES))
    suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name))
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Result).run(suite)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
