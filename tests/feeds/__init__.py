"""Tests of imports: files as shops have them, good and bad."""
