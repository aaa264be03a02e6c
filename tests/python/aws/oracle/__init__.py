"""Accounts that are made up, and what is to be said of them: written apart from the tool that is under test."""
