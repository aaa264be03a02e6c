"""Runs one suite. For each case that fails it shows what the clients and the key printed."""

import importlib
import pathlib
import sys
import unittest

SUITES = pathlib.Path("/share/suites")


class Result(unittest.TextTestResult):
    """Shows the evidence of a case as soon as it fails, so that nothing is lost if the suite never ends."""

    def addError(self, test, err):
        super().addError(test, err)
        self._show(test, self.errors)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._show(test, self.failures)

    def _show(self, test, failed):
        self.stream.writeln(failed[-1][1])
        if evidence := getattr(test, "evidence", None):
            self.stream.writeln(evidence())
        self.stream.flush()

    def printErrors(self):
        """Prints nothing: the errors were shown before."""


def main(name):
    sys.path.insert(0, str(SUITES))
    suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(name))
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Result).run(suite)
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
