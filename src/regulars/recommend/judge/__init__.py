"""A pretrained language model as judge of interest: trained on what people looked at and what they chose then."""
