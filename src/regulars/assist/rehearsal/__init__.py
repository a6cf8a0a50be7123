"""Scripted customers for a shop's own assistant: a made-up order book, goals, people who talk, and a judge that reads only the database."""
