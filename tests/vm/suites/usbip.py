"""brasskey, OpenSSH and ykman with a key plugged in by USB/IP."""

import unittest

import brasskey
import openssh
from codes import Codes
from plug import PluggedKey


class ByItself(brasskey.ByItself):
    key_class = PluggedKey

    def test_the_kernel_knows_it_by_its_strings(self):
        self.assertEqual(self.key.plug.attribute("manufacturer"), "brasskey")
        self.assertEqual(self.key.plug.attribute("product"), "brasskey soft token")
        self.assertEqual(self.key.plug.attribute("serial"), self.key.ready["serial"])


class ByHand(brasskey.ByHand):
    key_class = PluggedKey


class WithCodes(Codes, openssh.Ssh):
    key_class = PluggedKey

    def test_ykman_gets_codes_while_openssh_signs_in(self):
        self.serve_cards()
        self.add_accounts()
        self.codes_while(lambda: self.log_in(self.generate("ecdsa-sk")))


def load_tests(loader, _tests, _pattern):
    """All that the host tool does, and codes."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (ByItself, ByHand, WithCodes))
