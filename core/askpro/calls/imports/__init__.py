"""Files of call records: read as they come, booked in batches, resumable at the last committed line.

``reader`` opens, ``layouts`` understands, ``runs`` remembers, ``runner`` books and reports.
"""
