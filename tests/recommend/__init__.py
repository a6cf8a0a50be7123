"""Tests of the recommender's learning half and of what it serves from."""
