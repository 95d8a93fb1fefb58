"""Tests the hook greet as plugn calls it. Run: python3 -m unittest"""

import os
import pathlib
import subprocess
import unittest

HOOK = pathlib.Path(__file__).parent / "greet"


def greet(*words, **settings):
    return subprocess.check_output([HOOK, *words], text=True, env={**os.environ, **settings})


class Greet(unittest.TestCase):
    def test_is_for_whoever_is_named(self):
        self.assertEqual(greet("Ada Lovelace"), "Hello Ada Lovelace\n")

    def test_begins_with_the_word_that_is_set(self):
        self.assertEqual(greet("Ada", CONFIG_WORD="Good day"), "Good day Ada\n")


if __name__ == "__main__":
    unittest.main()
