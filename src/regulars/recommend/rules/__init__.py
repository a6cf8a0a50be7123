"""What a shop wants of its lists beside what a model finds: pin, boost, bury, exclude, cap.

language (text to rules) ─► book (rules over a catalogue) ─► what acts for one request; checks and preview look before it serves.
"""
