"""One module per revision; `down_revision` names the one before it. A released revision is never edited."""
