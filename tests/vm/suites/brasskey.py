"""brasskey itself over hidapi. The key is plugged in as any other."""

import json

from case import Case


class List(Case):
    def test_list_names_the_key(self):
        listed = json.loads(self.client("brasskey", "list", "--json"))
        self.assertEqual([key["address"] for key in listed], [f"hid:{self.key.hidraw}"])
