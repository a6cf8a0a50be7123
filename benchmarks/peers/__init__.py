"""Other people's recommenders, given the same histories and asked the same questions as ours."""
